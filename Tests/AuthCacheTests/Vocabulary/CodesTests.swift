import AuthCache
import AuthCacheConformance
import Testing

@Suite struct CodesTests {
  static let code = AuthorizationCode(
    clientID: "app", redirectURI: "https://app.example/callback",
    subject: SubjectIdentifier(issuer: "https://issuer.example", subject: "ada"),
    providerSession: ProviderSession(issuer: "https://issuer.example", sid: "sid-1"), scopes: ["openid"], nonce: "n",
    data: ["tenant": "blue"])

  @Test("a code is loaded whole as often as wanted, with a grant of its own")
  func load() async throws {
    let store = try World().process()
    var code = Self.code
    code.challenge = CodeVerifier.generate().challenge()
    let value = try await store.codes.store(code)
    #expect(value.utf8.count == 43)
    let loaded = try #require(try await store.codes.load(value))
    #expect(loaded.grant != nil)
    code.grant = loaded.grant
    #expect(loaded == code)
    #expect(try await store.codes.load(value) == code)
    let other = try await store.codes.load(try await store.codes.store(Self.code))
    #expect(other?.grant != code.grant)
  }

  @Test("a code is claimed once, and then neither loaded nor redeemed, but recognized as a replay")
  func claim() async throws {
    let store = try World().process()
    let value = try await store.codes.store(Self.code)
    let claimed = try #require(try await store.codes.claim(value))
    #expect(claimed.data["tenant"] == "blue")
    #expect(try await store.codes.claim(value) == nil)
    #expect(try await store.codes.load(value) == nil)
    let again = try await store.codes.redeem(
      value, by: RedemptionRequest(clientID: "app", redirectURI: "https://app.example/callback"))
    #expect(again.replayedGrant == claimed.grant)
  }

  @Test("a deleted code is unknown")
  func delete() async throws {
    let store = try World().process()
    let value = try await store.codes.store(Self.code)
    #expect(try await store.codes.delete(value))
    #expect(try await !store.codes.delete(value))
    #expect(try await store.codes.load(value) == nil)
    #expect(try await store.codes.claim(value) == nil)
  }

  @Test("a code lives a minute, and is remembered for as long as what it grants may live")
  func lifetime() async throws {
    let world = try World()
    let store = try world.process()
    let value = try await store.codes.store(Self.code)
    world.clock.advance(by: .milliseconds(59_999))
    #expect(try await store.codes.load(value) != nil)
    world.clock.advance(by: .milliseconds(1))
    #expect(try await store.codes.load(value) == nil)
    #expect(try await store.codes.claim(value) == nil)
    let record = try #require(try await world.records(.code).first)
    #expect(record.expiresAt == record.createdAt + AuthStore.Configuration().session.absolute)
  }

  @Test("a code lives at most ten minutes")
  func longest() async throws {
    let store = try World().process()
    _ = try await store.codes.store(Self.code, lifetime: .seconds(600))
    await expectError(.invalidArgument) { _ = try await store.codes.store(Self.code, lifetime: .milliseconds(600_001)) }
    await expectError(.invalidArgument) {
      _ = try World().process(AuthStore.Configuration(codeLifetime: .seconds(601)))
    }
  }

  @Test("a plain challenge is refused unless it is allowed")
  func plain() async throws {
    var code = Self.code
    code.challenge = CodeVerifier.generate().challenge(.plain)
    let strict = try World().process()
    await expectError(.invalidArgument) { _ = try await strict.codes.store(code) }
    let lax = try World().process(AuthStore.Configuration(allowsPlainChallenge: true))
    let value = try await lax.codes.store(code)
    #expect(try await lax.codes.load(value)?.challenge == code.challenge)
  }

  @Test("of many claims in two processes one succeeds")
  func claimRace() async throws {
    let result = await Exploration(
      seed: 2, schedules: RaceLaws.schedules(300), floor: RaceLaws.floor(50)
    ).run { schedule in
      let world = try World(clock: schedule.clock, entropy: schedule.entropy)
      let shared = world.backend.interleaved()
      let stores = [try world.process(over: shared), try world.process(over: shared)]
      try await stores[0].codes.store(Self.code, under: "c")
      let claimed = try await schedule.clients(["0", "1"]) { name in
        try await stores[name == "0" ? 0 : 1].codes.claim("c") != nil
      }
      schedule.expect(claimed.count { $0 } == 1, "\(claimed.count { $0 }) callers claimed one code")
    }
    #expect(result.isPassed, "\(result)")
  }
}
