import AuthCache
import AuthCacheConformance
import Testing

@Suite struct RevocationTests {
  private static let issuer = "https://issuer.example"

  @Test("each group takes what is in it and nothing else")
  func groups() async throws {
    let store = try World().process()
    func session(_ sub: String, sid: String, grant: String) async throws -> String {
      let details = SessionDetails(
        subject: SubjectIdentifier(issuer: Self.issuer, subject: sub),
        providerSession: ProviderSession(issuer: Self.issuer, sid: sid))
      return try await store.sessions.create(details, grant: Grant(id: grant)).credentials.id ?? ""
    }
    let a1 = try await session("a", sid: "1", grant: "x")
    let a2 = try await session("a", sid: "2", grant: "y")
    let a3 = try await session("a", sid: "2", grant: "z")
    let b = try await session("b", sid: "3", grant: "w")
    func live() async throws -> [Bool] {
      var live: [Bool] = []
      for id in [a1, a2, a3, b] { live.append(try await store.sessions.load(id: id) != nil) }
      return live
    }
    #expect(try await store.revoke(Grant(id: "z")) == 1)
    #expect(try await live() == [true, true, false, true])
    #expect(try await store.revoke(ProviderSession(issuer: Self.issuer, sid: "2")) == 1)
    #expect(try await live() == [true, false, false, true])
    #expect(try await store.revoke(SubjectIdentifier(issuer: "https://other.example", subject: "a")) == 0)
    #expect(try await store.revoke(SubjectIdentifier(issuer: Self.issuer, subject: "a")) == 1)
    #expect(try await live() == [false, false, false, true])
    #expect(try await store.revoke(SubjectIdentifier(issuer: Self.issuer, subject: "a")) == 0)
  }

  @Test("issuer and subject are told apart wherever the text is divided")
  func divided() async throws {
    let store = try World().process()
    _ = try await store.sessions.create(SessionDetails(subject: SubjectIdentifier(issuer: "ab", subject: "c")))
    #expect(try await store.revoke(SubjectIdentifier(issuer: "a", subject: "bc")) == 0)
    #expect(try await store.revoke(SubjectIdentifier(issuer: "abc", subject: "")) == 0)
    #expect(try await store.revoke(ProviderSession(issuer: "ab", sid: "c")) == 0)
    #expect(try await store.revoke(SubjectIdentifier(issuer: "ab", subject: "c")) == 1)
  }

  @Test("a logout of the user ends codes not yet redeemed and the memory of spent tokens as well")
  func everything() async throws {
    let world = try World()
    let store = try world.process()
    let value = try await store.codes.store(CodesTests.code)
    let token = try #require(try await store.sessions.create(.ada).credentials.refreshToken)
    _ = try await store.sessions.rotate(token, clientID: "app")
    #expect(try await store.revoke(SubjectIdentifier(issuer: Self.issuer, subject: "ada")) == 3)
    #expect(try await store.codes.load(value) == nil)
    #expect(try await store.sessions.rotate(token, clientID: "app").name == "unknown")
  }
}

@Suite struct CleanupTests {
  @Test("a cleanup removes what expired, in batches, counts it by kind, and leaves the last minute")
  func counts() async throws {
    let world = try World()
    let store = try world.process(AuthStore.Configuration(sweepLimit: 10))
    for index in 0..<25 { try await store.states.store(LoginState(), under: "\(index)", lifetime: .seconds(1)) }
    for index in 0..<7 { try await store.verifiers.set(.generate(), for: "\(index)", lifetime: .seconds(1)) }
    _ = try await store.sessions.create(.ada)
    world.clock.advance(by: .milliseconds(60_999))
    #expect(try await store.cleanupExpired() == [:])
    world.clock.advance(by: .milliseconds(1))
    #expect(try await store.cleanupExpired() == [.state: 25, .verifier: 7])
    #expect(try await store.cleanupExpired() == [:])
    #expect(try await world.records(.session).count == 1)
  }
}
