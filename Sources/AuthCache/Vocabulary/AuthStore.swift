public import Logging

/// The typed vocabulary over any backend: login states, PKCE verifiers, authorization codes, sessions and clients.
///
/// This is the only place that ever sees a token. It digests, seals and encodes, and it keeps the rules of OAuth 2.0
/// that concern storage: once is once, a replayed code or refresh token is told from an unknown one, sessions end.
///
/// ```swift
/// let store = try AuthStore(
///   over: MemoryBackend(), protection: .sealed(KeyRing(key), pepper: pepper))
/// let state = try await store.states.store(LoginState(expectedIssuer: "https://issuer.example"))
/// ```
///
/// Every operation throws ``AuthCacheError`` only. A record that can't be opened or decoded is `corrupt`, never absent.
public struct AuthStore: Sendable {
  let engine: VocabularyEngine

  /// Login states: from the redirect to the provider until the answer comes back.
  public let states: States
  /// PKCE code verifiers.
  public let verifiers: Verifiers
  /// Authorization codes, and their redemption.
  public let codes: Codes
  /// Sessions, by id, access token and refresh token, and the rotation of refresh tokens.
  public let sessions: Sessions
  /// Registered clients.
  public let clients: Clients

  /// - Parameters:
  ///   - backend: where records go.
  ///   - protection: how payloads are sealed and digests keyed.
  ///   - features: what the application uses. A backend must be able to do it.
  ///   - configuration: lifetimes and limits.
  ///   - clock: the backend's clock.
  ///   - entropy: where tokens and revisions come from.
  ///   - logger: takes the one warning that plaintext payloads cause, and nothing else.
  /// - Throws: `unsupported` if `backend` lacks what a feature needs; `invalidArgument` if the configuration can't be
  ///   meant, or if groups are used without a pepper and that was not asked for.
  public init(
    over backend: any AuthCacheBackend, protection: Protection, features: Features = .all,
    configuration: Configuration = Configuration(), clock: any AuthCacheClock = .system,
    entropy: any EntropySource = SystemEntropy(), logger: Logger = Logger(label: "AuthCache")
  ) throws(AuthCacheError) {
    engine = try VocabularyEngine(
      backend: backend, protection: protection, features: features, configuration: configuration, clock: clock,
      entropy: entropy)
    states = States(engine: engine)
    verifiers = Verifiers(engine: engine)
    codes = Codes(engine: engine)
    sessions = Sessions(engine: engine)
    clients = Clients(engine: engine)
    if !protection.sealer.seals {
      logger.warning("payloads are stored as plaintext: whoever reads the store reads them")
    }
  }

  /// Closes the backend.
  ///
  /// - Throws: as ``AuthCacheBackend/close()``.
  public func close() async throws(AuthCacheError) { try await engine.backend.close() }
}

extension AuthStore: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "AuthStore(\(engine.protection.sealer.seals ? "sealed" : "plaintext"))" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
