public import AuthCache

extension Trial {
  /// A typed store over `backend`, sealed with a key of this check's own, on this check's clock.
  public func authStore(
    over backend: any AuthCacheBackend, features: AuthStore.Features = .all,
    configuration: AuthStore.Configuration = .init()
  ) throws -> AuthStore {
    try AuthStore(
      over: backend, protection: try protection(), features: features, configuration: configuration,
      clock: environment.clock, entropy: entropy)
  }

  /// The same key and pepper whenever this check asks, so that two handles read each other's records.
  private func protection() throws -> AuthStore.Protection {
    var generator = SeededGenerator(seed: seed)
    func bytes() -> [UInt8] { (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) } }
    return .sealed(
      KeyRing(try SealingKey(id: "check", secret: bytes(), algorithm: .aes256GCM)), pepper: try Pepper(bytes()))
  }

  /// A code that a client may redeem, the request that redeems it, and the text that was handed out.
  func issuedCode(
    in store: AuthStore, client: String = "app"
  ) async throws -> (text: String, code: AuthorizationCode, grant: Grant, request: RedemptionRequest) {
    let verifier = CodeVerifier.generate(from: entropy)
    let grant = Grant(id: "grant-\(entropy.next())")
    let code = AuthorizationCode(
      clientID: client, redirectURI: "https://app.example/callback", challenge: verifier.challenge(),
      subject: SubjectIdentifier(issuer: "https://id.example", subject: "user-\(entropy.next())"), grant: grant)
    let request = RedemptionRequest(
      clientID: client, redirectURI: "https://app.example/callback", codeVerifier: verifier.text)
    return (try await store.codes.store(code), code, grant, request)
  }
}

extension Redemption {
  /// The case, without what it carries: what a finding may print.
  var word: String {
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

  var issued: IssuedSession? { if case .redeemed(let issued) = self { issued } else { nil } }
  var grant: Grant? { if case .replayed(let grant) = self { grant } else { nil } }
}

extension Rotation {
  /// The case, without what it carries: what a finding may print.
  var word: String {
    switch self {
    case .rotated: "rotated"
    case .reused: "reused"
    case .unknown: "unknown"
    }
  }

  var issued: IssuedSession? { if case .rotated(let issued) = self { issued } else { nil } }
  var grant: Grant? { if case .reused(let grant) = self { grant } else { nil } }
}
