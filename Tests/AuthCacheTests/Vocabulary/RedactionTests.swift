import AuthCache
import AuthCacheConformance
import Testing

@Suite struct RedactionTests {
  private static let secret = "hush-hush-hush-hush-hush-hush-hush-hush-hush"

  @Test("nothing that holds a secret shows it, however it is printed")
  func redacted() async throws {
    let secret = Self.secret
    let world = try World()
    let store = try world.process()
    let data: AppData = ["k": secret]
    let subject = SubjectIdentifier(issuer: secret, subject: secret)
    let provider = ProviderSession(issuer: secret, sid: secret)
    let details = SessionDetails(
      clientID: secret, subject: subject, providerSession: provider, scopes: [secret], data: data)
    let credentials = SessionCredentials(id: secret, accessToken: secret, refreshToken: secret)
    let issued = try await store.sessions.store(details, under: credentials, grant: Grant(id: secret))
    let verifier = try CodeVerifier(secret)
    let code = AuthorizationCode(
      clientID: secret, redirectURI: secret, challenge: verifier.challenge(.plain), subject: subject,
      providerSession: provider, scopes: [secret], nonce: secret, data: data, grant: Grant(id: secret))
    let key = try SealingKey(id: "k", secret: [UInt8](secret.utf8.prefix(32)))
    let values: [Any] = [
      issued, issued.session, issued.credentials, issued.session.details, details, data, subject, provider,
      Grant(id: secret), verifier, verifier.challenge(.plain), code,
      LoginState(expectedIssuer: secret, nonce: secret, redirectURI: secret, verifierKey: secret, data: data),
      RedemptionRequest(clientID: secret, redirectURI: secret, codeVerifier: secret),
      Redemption.redeemed(issued), Redemption.replayed(Grant(id: secret)), Rotation.rotated(issued),
      Rotation.reused(Grant(id: secret)), Client(id: secret, name: secret, data: data), key, KeyRing(key),
      try Pepper(secret.utf8), Digester(pepper: try Pepper(secret.utf8)), Sealer.sealing(with: KeyRing(key)), store,
      AuthStore.Protection.sealed(KeyRing(key), pepper: try Pepper(secret.utf8)),
      [issued], Optional.some(verifier) as Any,
    ]
    let bytes = "\([UInt8](secret.utf8.prefix(32)))".dropFirst().dropLast()
    for value in values {
      var dumped = ""
      dump(value, to: &dumped)
      for text in ["\(value)", String(reflecting: value), dumped] {
        #expect(!text.contains("hush"), "\(type(of: value))")
        #expect(!text.contains(bytes), "\(type(of: value))")
        #expect(!text.contains(issued.digest(in: world).bytes.hex), "\(type(of: value))")
      }
    }
  }

  @Test("no error of the vocabulary shows what it was about")
  func errors() async throws {
    let world = try World()
    let secret = Self.secret
    var errors: [AuthCacheError] = []
    func collect(_ body: () async throws -> Void) async {
      do {
        try await body()
        Issue.record("nothing was thrown")
      } catch let error as AuthCacheError {
        errors.append(error)
      } catch {
        Issue.record("another error was thrown")
      }
    }
    let narrow = try world.process(features: .narrow)
    let store = try world.process()
    try await store.sessions.store(
      .ada, under: SessionCredentials(id: secret, accessToken: secret, refreshToken: secret))
    let other = try world.process(ring: KeyRing(try .generate(id: "first")))
    await collect { _ = try await narrow.sessions.load(accessToken: secret) }
    await collect { _ = try await other.sessions.load(accessToken: secret) }
    await collect { _ = try await other.sessions.rotate(secret, clientID: "app") }
    await collect { try await store.sessions.store(.ada, under: SessionCredentials(id: "2", accessToken: secret)) }
    await collect { _ = try CodeVerifier(secret + "!") }
    await collect { _ = try CodeChallenge(secret + "!") }
    await collect { _ = try SealingKey(id: secret + "!", secret: [UInt8](secret.utf8)) }
    await collect { _ = try AppData([secret: secret]).decode([Int].self) }
    for kind in MishapKind.allCases {
      func failing() throws -> AuthStore {
        try world.process(over: world.backend.intercepted(by: Mishap(kind, atCall: 0)))
      }
      await collect { _ = try await failing().sessions.load(refreshToken: secret) }
      await collect { _ = try await failing().sessions.rotate(secret, clientID: "app") }
      await collect { _ = try await failing().codes.redeem(secret, by: RedemptionRequest(clientID: secret)) }
    }
    for error in errors {
      #expect(!error.description.contains("hush"))
      #expect(!error.debugDescription.contains("hush"))
    }
    #expect(errors.count == 23)
  }
}
