extension AuthStore {
  /// What an application uses. Each feature may need something of the backend, which is checked when the store is made.
  public struct Features: OptionSet, Sendable, Hashable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Login states.
    public static let states = Features(rawValue: 1 << 0)
    /// PKCE verifiers.
    public static let verifiers = Features(rawValue: 1 << 1)
    /// Codes: store, load, claim, delete.
    public static let codes = Features(rawValue: 1 << 2)
    /// Sessions by their id.
    public static let sessions = Features(rawValue: 1 << 3)
    /// Sessions by access and refresh token. Needs ``BackendProperties/aliases``.
    public static let tokens = Features(rawValue: 1 << 4)
    /// Redeeming, rotating and revoking by group. Needs a ``GroupBackend`` and a pepper.
    public static let revocation = Features(rawValue: 1 << 5)
    /// Clients by their id.
    public static let clients = Features(rawValue: 1 << 6)
    /// Lists of clients. Needs a ``ListingBackend``.
    public static let clientListing = Features(rawValue: 1 << 7)

    /// What a relying party needs until the provider has answered: states and verifiers. Any backend will do.
    public static let loginFlow: Features = [.states, .verifiers]
    /// What any backend can do: everything but aliases, groups and lists.
    public static let narrow: Features = [.states, .verifiers, .codes, .sessions, .clients]
    /// Everything that a store can be asked for.
    public static let all: Features = [.narrow, .tokens, .revocation, .clientListing]
  }
}

extension AuthStore.Features: CustomStringConvertible {
  public var description: String {
    let names: [(AuthStore.Features, String)] = [
      (.states, "states"), (.verifiers, "verifiers"), (.codes, "codes"), (.sessions, "sessions"), (.tokens, "tokens"),
      (.revocation, "revocation"), (.clients, "clients"), (.clientListing, "clientListing"),
    ]
    return names.filter { contains($0.0) }.map(\.1).joined(separator: ", ")
  }
}
