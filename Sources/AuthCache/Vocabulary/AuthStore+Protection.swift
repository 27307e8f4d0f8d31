extension AuthStore {
  /// How what is stored is kept from those who can read or write the store.
  public struct Protection: Sendable {
    /// Seals payloads, and opens them.
    public let sealer: Sealer
    /// Turns tokens and ids into digests.
    public let digester: Digester

    /// Payloads are sealed under `ring`, digests keyed by `pepper`.
    public static func sealed(_ ring: KeyRing, pepper: Pepper) -> Protection {
      Protection(sealer: .sealing(with: ring), digester: Digester(pepper: pepper))
    }

    /// Payloads are sealed under `ring`; digests are made by `digester`.
    public static func sealed(_ ring: KeyRing, digester: Digester) -> Protection {
      Protection(sealer: .sealing(with: ring), digester: digester)
    }

    /// Payloads are stored as JSON for everybody to read. For development, or where the store itself is trusted.
    ///
    /// Digests still stand for tokens. PKCE verifiers and nonces are in the open.
    public static func plaintext(digester: Digester) -> Protection {
      Protection(sealer: .plaintext, digester: digester)
    }
  }
}
