import AuthCache
import AuthCacheConformance
import Logging
import Testing

/// One store in memory, its clock, its keys, and as many processes over it as a test wants.
struct World {
  let clock: VirtualClock
  let backend: MemoryBackend
  let ring: KeyRing
  let pepper: Pepper
  let entropy: any EntropySource

  init(
    clock: VirtualClock = VirtualClock(), entropy: any EntropySource = SystemEntropy()
  ) throws {
    self.clock = clock
    self.entropy = entropy
    backend = MemoryBackend(clock: clock)
    ring = KeyRing(try .generate(id: "first"))
    pepper = .generate()
  }

  /// An ``AuthStore`` as another process would make it.
  func process(
    over backend: (any AuthCacheBackend)? = nil, ring: KeyRing? = nil, features: AuthStore.Features = .all,
    _ configuration: AuthStore.Configuration = AuthStore.Configuration()
  ) throws -> AuthStore {
    try AuthStore(
      over: backend ?? self.backend, protection: .sealed(ring ?? self.ring, pepper: pepper), features: features,
      configuration: configuration, clock: clock, entropy: entropy)
  }

  var digester: Digester { Digester(pepper: pepper) }

  func records(_ kind: RecordKind) async throws -> [Record] {
    try await backend.records(of: kind, after: nil, limit: 1_000)
  }
}

extension SessionDetails {
  static let ada = SessionDetails(
    clientID: "app", subject: SubjectIdentifier(issuer: "https://issuer.example", subject: "ada"),
    providerSession: ProviderSession(issuer: "https://issuer.example", sid: "sid-1"), scopes: ["openid", "profile"],
    data: ["role": "admin"])
}

extension Redemption {
  var issued: IssuedSession? { if case .redeemed(let issued) = self { issued } else { nil } }
  var replayedGrant: Grant? { if case .replayed(let grant) = self { grant } else { nil } }
  var name: String {
    switch self {
    case .redeemed: "redeemed"
    case .replayed: "replayed"
    case .expired: "expired"
    case .unknown: "unknown"
    case .clientMismatch: "clientMismatch"
    case .redirectURIMismatch: "redirectURIMismatch"
    case .verifierMismatch: "verifierMismatch"
    }
  }
}

extension Rotation {
  var issued: IssuedSession? { if case .rotated(let issued) = self { issued } else { nil } }
  var reusedGrant: Grant? { if case .reused(let grant) = self { grant } else { nil } }
  var name: String {
    switch self {
    case .rotated: "rotated"
    case .reused: "reused"
    case .unknown: "unknown"
    }
  }
}

/// Runs `body`, which must throw an ``AuthCacheError`` with this code.
func expectError(
  _ code: AuthCacheError.Code, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () async throws -> Void
) async {
  do {
    try await body()
    Issue.record(comment ?? "nothing was thrown", sourceLocation: sourceLocation)
  } catch let error as AuthCacheError {
    #expect(error.code == code, comment, sourceLocation: sourceLocation)
  } catch {
    Issue.record("another error was thrown", sourceLocation: sourceLocation)
  }
}
