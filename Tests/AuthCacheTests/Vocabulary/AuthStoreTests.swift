import AuthCache
import AuthCacheConformance
import Testing

@Suite struct AuthStoreTests {
  /// Declares no aliases, and has none of the capabilities.
  private struct NarrowBackend: ForwardingBackend {
    let delegate: MemoryBackend

    var properties: BackendProperties {
      var properties = delegate.properties
      properties.aliases = false
      return properties
    }

    func store(_ record: Record) async throws(AuthCacheError) {
      try properties.validate(record, for: .store)
      try await delegate.store(record)
    }

    func load(_ lookup: Lookup) async throws(AuthCacheError) -> Record? {
      try properties.validate(lookup, for: .load)
      return try await delegate.load(lookup)
    }
  }

  @Test(
    "a backend that lacks what the application needs is refused when the store is made",
    arguments: [
      .all, .tokens, .revocation, .clientListing, [.narrow, .tokens],
    ] as [AuthStore.Features])
  func unsupported(_ features: AuthStore.Features) async throws {
    let world = try World()
    await expectError(.unsupported) {
      _ = try world.process(over: NarrowBackend(delegate: world.backend), features: features)
    }
    _ = try world.process(features: features)
  }

  @Test("an application that uses no more than a narrow backend has is served by it")
  func narrow() async throws {
    let world = try World()
    let store = try world.process(over: NarrowBackend(delegate: world.backend), features: .narrow)
    let state = try await store.states.store(LoginState(nonce: "n"))
    #expect(try await store.states.consume(state)?.nonce == "n")
    try await store.verifiers.set(.generate(), for: "v")
    #expect(try await store.verifiers.take("v") != nil)
    let code = try await store.codes.store(CodesTests.code)
    #expect(try await store.codes.claim(code) != nil)
    let issued = try await store.sessions.create(.ada)
    #expect(issued.credentials.accessToken == nil)
    #expect(issued.credentials.refreshToken == nil)
    #expect(try await store.sessions.load(id: try #require(issued.credentials.id)) == issued.session)
    try await store.clients.store(Client(id: "app"))
    #expect(try await store.clients.load(id: "app") != nil)
  }

  @Test("what the store was not made for is unsupported, whatever the backend could do")
  func features() async throws {
    let store = try World().process(features: .narrow)
    let session = try await store.sessions.create(.ada).session
    let code = try await store.codes.store(CodesTests.code)
    await expectError(.unsupported) { _ = try await store.sessions.load(accessToken: "a") }
    await expectError(.unsupported) { _ = try await store.sessions.load(refreshToken: "r") }
    await expectError(.unsupported) { try await store.sessions.delete(accessToken: "a") }
    await expectError(.unsupported) { try await store.sessions.delete(refreshToken: "r") }
    await expectError(.unsupported) { try await store.sessions.store(.ada, under: .init(accessToken: "a")) }
    await expectError(.unsupported) { _ = try await store.sessions.rotate("r") }
    await expectError(.unsupported) { _ = try await store.codes.redeem(code, by: .init(clientID: "app")) }
    await expectError(.unsupported) { try await store.revoke(Grant(id: "g")) }
    await expectError(.unsupported) { _ = try await store.clients.list() }

    let empty = try World().process(features: [])
    await expectError(.unsupported) { _ = try await empty.states.store(LoginState()) }
    await expectError(.unsupported) { _ = try await empty.states.consume("s") }
    await expectError(.unsupported) { try await empty.verifiers.set(.generate(), for: "v") }
    await expectError(.unsupported) { _ = try await empty.verifiers.peek("v") }
    await expectError(.unsupported) { _ = try await empty.codes.load("c") }
    await expectError(.unsupported) { _ = try await empty.codes.claim("c") }
    await expectError(.unsupported) { _ = try await empty.sessions.load(id: "i") }
    await expectError(.unsupported) { try await empty.sessions.touch(session) }
    await expectError(.unsupported) { _ = try await empty.clients.load(id: "c") }
  }

  @Test("groups need a pepper, unless going without is asked for")
  func pepper() async throws {
    let world = try World()
    func make(_ digester: Digester, _ features: AuthStore.Features) throws -> AuthStore {
      try AuthStore(
        over: world.backend, protection: .sealed(world.ring, digester: digester), features: features,
        clock: world.clock)
    }
    await expectError(.invalidArgument) { _ = try make(.unpeppered(), .all) }
    _ = try make(.unpeppered(allowingGroups: true), .all)
    _ = try make(Digester(pepper: world.pepper, covering: .guessable), .all)
    let withoutGroups = try make(.unpeppered(), .narrow)
    _ = try await withoutGroups.sessions.create(.ada)
    #expect(try await world.records(.session).first?.groups == Groups.none)
  }

  @Test(
    "a configuration that can't be meant is refused",
    arguments: [
      .init(stateLifetime: .zero), .init(verifierLifetime: .seconds(-1)), .init(codeLifetime: .zero),
      .init(codeLifetime: .seconds(601)), .init(replayMemory: .seconds(-1)), .init(tokenBits: 120),
      .init(tokenBits: 255),
      .init(session: SessionLifetime(idle: .zero)), .init(touchInterval: .seconds(-1)),
      .init(refreshGrace: .seconds(-1)),
      .init(sweepSkew: .seconds(-1)), .init(sweepLimit: 0), .init(rememberedDigests: -1),
    ] as [AuthStore.Configuration])
  func configuration(_ configuration: AuthStore.Configuration) async throws {
    let world = try World()
    await expectError(.invalidArgument) { _ = try world.process(configuration) }
  }

  @Test("tokens have 256 bits from the injected source, or as many as are asked for")
  func tokens() async throws {
    let world = try World(entropy: SeededEntropy(seed: 1))
    let again = try World(entropy: SeededEntropy(seed: 1))
    #expect(try await world.process().states.store(LoginState()) == again.process().states.store(LoginState()))
    let long = try await world.process(AuthStore.Configuration(tokenBits: 512)).states.store(LoginState())
    #expect(long.utf8.count == 86)
  }

  @Test("no two generated tokens are one")
  func distinct() async throws {
    let store = try World().process()
    var seen: Set<String> = []
    for _ in 0..<500 { seen.insert(try await store.states.store(LoginState())) }
    #expect(seen.count == 500)
  }

  @Test("closing the store closes the backend")
  func close() async throws {
    let store = try World().process()
    try await store.close()
    await expectError(.closed) { _ = try await store.states.consume("s") }
  }

  @Test("what is stored holds no token, id, code, verifier or name in the clear")
  func nothingInTheClear() async throws {
    let world = try World()
    let store = try world.process()
    let state = try await store.states.store(LoginState(nonce: "nonce-nonce"))
    let verifier = CodeVerifier.generate()
    try await store.verifiers.set(verifier, for: "key-key-key")
    let code = try await store.codes.store(CodesTests.code)
    let issued = try await store.sessions.create(.ada)
    let secrets =
      [state, verifier.text, code, "nonce-nonce", "key-key-key", "https://issuer.example", "sid-1", "admin"]
      + [issued.credentials.id, issued.credentials.accessToken, issued.credentials.refreshToken].compactMap { $0 }
    for kind in RecordKind.standard {
      for record in try await world.records(kind) {
        let text = String(decoding: record.payload.bytes, as: UTF8.self)
        for secret in secrets { #expect(!text.contains(secret)) }
      }
    }
  }
}
