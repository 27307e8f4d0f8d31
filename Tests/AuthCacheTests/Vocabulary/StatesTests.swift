import AuthCache
import AuthCacheConformance
import Testing

@Suite struct StatesTests {
  @Test("a state comes back whole, once")
  func consumeOnce() async throws {
    let world = try World()
    let store = try world.process()
    let state = LoginState(
      expectedIssuer: "https://issuer.example", nonce: "n", redirectURI: "https://app.example/callback",
      verifierKey: "v", clientID: "app", data: ["returnTo": "/inbox"])
    let value = try await store.states.store(state)
    #expect(value.utf8.count == 43)
    let taken = try await store.states.consume(value)
    #expect(taken == state)
    #expect(taken?.data["returnTo"] == "/inbox")
    #expect(try await store.states.consume(value) == nil)
  }

  @Test("a state under a value of the application's choice replaces what was there; unknown values find nothing")
  func ownValue() async throws {
    let store = try World().process()
    try await store.states.store(LoginState(nonce: "1"), under: "mine")
    try await store.states.store(LoginState(nonce: "2"), under: "mine")
    #expect(try await store.states.consume("Mine") == nil)
    #expect(try await store.states.consume("mine ") == nil)
    #expect(try await store.states.consume("mine")?.nonce == "2")
  }

  @Test(
    "any bytes are a value, and no two are one",
    arguments: [
      [[0xFF], [0xFE]], [[0], []], [[0x61, 0, 0x62], [0x61]], [[0xC3, 0xA9], [0x65, 0xCC, 0x81]], [[0x41], [0x61]],
    ] as [[[UInt8]]])
  func bytes(_ pair: [[UInt8]]) async throws {
    let store = try World().process()
    try await store.states.store(LoginState(nonce: "0"), under: pair[0])
    #expect(try await store.states.consume(pair[1]) == nil)
    try await store.states.store(LoginState(nonce: "1"), under: pair[1])
    #expect(try await store.states.consume(pair[0])?.nonce == "0")
    #expect(try await store.states.consume(pair[1])?.nonce == "1")
  }

  @Test("a state lives ten minutes, or as long as it is given, and is gone at its end")
  func lifetime() async throws {
    let world = try World()
    let store = try world.process()
    let byDefault = try await store.states.store(LoginState())
    let short = try await store.states.store(LoginState(), lifetime: .seconds(5))
    world.clock.advance(by: .seconds(5))
    #expect(try await store.states.consume(short) == nil)
    world.clock.advance(by: .milliseconds(594_999))
    let lastMoment = try await store.states.store(LoginState(), lifetime: .milliseconds(1))
    #expect(try await store.states.consume(lastMoment) != nil)
    #expect(try await world.records(.state).count == 1)
    world.clock.advance(by: .milliseconds(1))
    #expect(try await store.states.consume(byDefault) == nil)
  }

  @Test("a row whose end was put off does not revive its state or verifier")
  func sealedEnd() async throws {
    let world = try World()
    let store = try world.process()
    let value = try await store.states.store(LoginState())
    try await store.verifiers.set(.generate(), for: "key")
    for record in try await world.records(.state) + world.records(.verifier) {
      #expect(try await world.backend.extend(record.id, to: world.clock.now + .seconds(99_999)))
    }
    world.clock.advance(by: .seconds(600))
    #expect(try await world.records(.state).count == 1)
    #expect(try await store.states.consume(value) == nil)
    #expect(try await store.verifiers.peek("key") == nil)
    #expect(try await store.verifiers.take("key") == nil)
  }

  @Test("of many callers in two processes one takes the state")
  func racers() async throws {
    let result = await Exploration(
      seed: 1, schedules: RaceLaws.schedules(300), floor: RaceLaws.floor(10)
    ).run { schedule in
      let world = try World(clock: schedule.clock, entropy: schedule.entropy)
      let shared = world.backend.interleaved()
      let stores = [try world.process(over: shared), try world.process(over: shared)]
      try await stores[0].states.store(LoginState(), under: "s")
      let taken = try await schedule.clients(["0", "1", "2"]) { name in
        try await stores[name == "0" ? 0 : 1].states.consume("s") != nil
      }
      schedule.expect(taken.count { $0 } == 1, "\(taken.count { $0 }) callers took one state")
    }
    #expect(result.isPassed, "\(result)")
  }

  @Test("an answer is accepted from the expected issuer only")
  func issuer() {
    let state = LoginState(expectedIssuer: "https://issuer.example")
    #expect(state.accepts(issuer: "https://issuer.example"))
    #expect(!state.accepts(issuer: "https://evil.example"))
    #expect(!state.accepts(issuer: "https://issuer.example/"))
    #expect(!state.accepts(issuer: nil))
    #expect(LoginState().accepts(issuer: nil))
  }

  @Test("an ID token is accepted with exactly the nonce that was sent")
  func nonce() {
    let state = LoginState(nonce: "n")
    #expect(state.accepts(nonce: "n"))
    #expect(!state.accepts(nonce: "m"))
    #expect(!state.accepts(nonce: nil))
    #expect(LoginState().accepts(nonce: nil))
    #expect(!LoginState().accepts(nonce: "n"))
  }
}
