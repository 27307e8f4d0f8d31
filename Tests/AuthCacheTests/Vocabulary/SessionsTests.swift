import AuthCache
import AuthCacheConformance
import Testing

@Suite struct SessionsTests {
  @Test("a session is found by its id, access token and refresh token, and by nothing else")
  func load() async throws {
    let store = try World().process()
    let issued = try await store.sessions.create(.ada)
    let id = try #require(issued.credentials.id)
    let accessToken = try #require(issued.credentials.accessToken)
    let refreshToken = try #require(issued.credentials.refreshToken)
    for _ in 0..<2 {
      #expect(try await store.sessions.load(id: id) == issued.session)
      #expect(try await store.sessions.load(accessToken: accessToken) == issued.session)
      #expect(try await store.sessions.load(refreshToken: refreshToken) == issued.session)
      for wrong in [id, refreshToken, "", accessToken + " "] {
        #expect(try await store.sessions.load(accessToken: wrong) == nil)
      }
      for wrong in [accessToken, refreshToken, ""] { #expect(try await store.sessions.load(id: wrong) == nil) }
      for wrong in [accessToken, id, ""] { #expect(try await store.sessions.load(refreshToken: wrong) == nil) }
    }
  }

  @Test("everything that was said of a session comes back in another process")
  func whole() async throws {
    let world = try World()
    struct Profile: Codable, Equatable { var name: String, roles: [String], visits: Int }
    let profile = Profile(name: "Ada \u{1F600}", roles: ["admin"], visits: 3)
    var details = SessionDetails.ada
    details.data = try AppData(profile)
    let lifetime = SessionLifetime(idle: .seconds(100), absolute: .seconds(1_000), accessToken: .seconds(10))
    let issued = try await world.process().sessions.create(details, grant: Grant(id: "g"), lifetime: lifetime)
    // Payloads are copied, so that nothing is remembered.
    let record = try #require(try await world.records(.session).first)
    try await world.backend.store(record.replacing(revision: record.revision, payload: Payload(record.payload.bytes)))
    let id = try #require(issued.credentials.id)
    let session = try #require(try await world.process().sessions.load(id: id))
    #expect(session.details == details)
    #expect(try session.data.decode(Profile.self) == profile)
    #expect(session.grant == Grant(id: "g"))
    #expect(session.idle == .seconds(100))
    #expect(session.expiresAt == world.clock.now + .seconds(100))
    #expect(session.absoluteEnd == world.clock.now + .seconds(1_000))
    #expect(session.accessTokenExpiresAt == world.clock.now + .seconds(10))
    #expect(session.createdAt == world.clock.now)
    #expect(session == issued.session)
  }

  @Test("a session under credentials of any bytes; what it replaces is not found any more")
  func ownCredentials() async throws {
    let store = try World().process()
    try await store.sessions.store(
      .ada, under: SessionCredentials(idBytes: [0xFF, 0], accessTokenBytes: [0xFE], refreshTokenBytes: [0]))
    #expect(try await store.sessions.load(accessToken: [0xFE] as [UInt8]) != nil)
    #expect(try await store.sessions.load(accessToken: "\u{FFFD}") == nil)
    try await store.sessions.store(
      SessionDetails(), under: SessionCredentials(idBytes: [0xFF, 0], accessTokenBytes: [0xFD]))
    #expect(try await store.sessions.load(accessToken: [0xFE] as [UInt8]) == nil)
    #expect(try await store.sessions.load(refreshToken: [0] as [UInt8]) == nil)
    #expect(try await store.sessions.load(id: [0xFF, 0] as [UInt8])?.clientID == nil)
  }

  @Test("a token of another live session is refused")
  func conflict() async throws {
    let store = try World().process()
    try await store.sessions.store(.ada, under: SessionCredentials(id: "1", accessToken: "a"))
    await expectError(.conflict) {
      try await store.sessions.store(.ada, under: SessionCredentials(id: "2", accessToken: "a"))
    }
    #expect(try await store.sessions.load(id: "2") == nil)
  }

  @Test("a session is ended by its id, either token, itself, or under the other name")
  func delete() async throws {
    let store = try World().process()
    let ways: [(AuthStore, IssuedSession) async throws -> Bool] = [
      { try await $0.sessions.delete(id: $1.credentials.id ?? "") },
      { try await $0.sessions.delete(accessToken: $1.credentials.accessToken ?? "") },
      { try await $0.sessions.delete(refreshToken: $1.credentials.refreshToken ?? "") },
      { try await $0.sessions.delete($1.session) },
      { try await $0.sessions.invalidate(id: $1.credentials.id ?? "") },
    ]
    for way in ways {
      let issued = try await store.sessions.create(.ada)
      #expect(try await way(store, issued))
      #expect(try await !way(store, issued))
      #expect(try await store.sessions.load(id: try #require(issued.credentials.id)) == nil)
      #expect(try await store.sessions.load(accessToken: try #require(issued.credentials.accessToken)) == nil)
      #expect(try await store.sessions.load(refreshToken: try #require(issued.credentials.refreshToken)) == nil)
    }
  }

  @Test("a session outlives its access token, for its id and its refresh token")
  func accessTokenEnd() async throws {
    let world = try World()
    let store = try world.process()
    let issued = try await store.sessions.create(.ada)
    let accessToken = try #require(issued.credentials.accessToken)
    let refreshToken = try #require(issued.credentials.refreshToken)
    world.clock.advance(by: .milliseconds(3_599_999))
    #expect(try await store.sessions.load(accessToken: accessToken) != nil)
    world.clock.advance(by: .milliseconds(1))
    #expect(try await store.sessions.load(accessToken: accessToken) == nil)
    #expect(try await store.sessions.load(refreshToken: refreshToken) != nil)
    #expect(try await store.sessions.load(id: try #require(issued.credentials.id)) != nil)
    try await store.cleanupExpired()
    let next = try #require(try await store.sessions.rotate(refreshToken, clientID: "app").issued)
    #expect(try await store.sessions.load(accessToken: try #require(next.credentials.accessToken)) != nil)
  }

  @Test("a session ends when it was idle, and at its absolute end in any case")
  func ends() async throws {
    let world = try World()
    let store = try world.process()
    let lifetime = SessionLifetime(idle: .seconds(60), absolute: .seconds(100), accessToken: .seconds(1_000))
    let id = try #require(try await store.sessions.create(.ada, lifetime: lifetime).credentials.id)
    world.clock.advance(by: .seconds(59))
    #expect(try await store.sessions.extend(id: id, by: .seconds(60)))
    world.clock.advance(by: .milliseconds(40_999))
    let session = try #require(try await store.sessions.load(id: id))
    #expect(session.expiresAt == session.absoluteEnd)
    #expect(try await store.sessions.extend(session, by: .seconds(60)))
    #expect(try await store.sessions.touch(session))
    world.clock.advance(by: .milliseconds(1))
    #expect(try await store.sessions.load(id: id) == nil)
    #expect(try await !store.sessions.extend(id: id, by: .seconds(60)))
    #expect(try await !store.sessions.extend(session, by: .seconds(60)))
    #expect(try await !store.sessions.touch(session))

    let idle = try #require(try await store.sessions.create(.ada, lifetime: lifetime).credentials.id)
    world.clock.advance(by: .seconds(60))
    #expect(try await store.sessions.load(id: idle) == nil)
  }

  @Test("a row whose end was put off past the absolute end does not revive its session")
  func sealedEnd() async throws {
    let world = try World()
    let store = try world.process()
    let issued = try await store.sessions.create(.ada)
    #expect(try await world.backend.extend(.id(.session, issued.digest(in: world)), to: .distantFuture))
    world.clock.advance(to: issued.session.absoluteEnd)
    #expect(try await world.records(.session).count == 1)
    #expect(try await store.sessions.load(id: try #require(issued.credentials.id)) == nil)
    #expect(try await store.sessions.load(refreshToken: try #require(issued.credentials.refreshToken)) == nil)
    #expect(try await store.sessions.rotate(issued.credentials.refreshToken ?? "", clientID: "app").name == "unknown")
  }

  @Test("extending never shortens")
  func neverShorter() async throws {
    let world = try World()
    let store = try world.process()
    let issued = try await store.sessions.create(.ada)
    let id = try #require(issued.credentials.id)
    #expect(try await store.sessions.extend(id: id, by: .seconds(1)))
    #expect(try await store.sessions.load(id: id)?.expiresAt == issued.session.expiresAt)
  }

  @Test("an update keeps credentials, grant and life, and counts as a use")
  func update() async throws {
    let world = try World()
    let store = try world.process()
    let issued = try await store.sessions.create(.ada)
    world.clock.advance(by: .seconds(600))
    var details = issued.session.details
    details.data = ["role": "user"]
    let updated = try #require(try await store.sessions.update(issued.session, to: details))
    #expect(updated.data["role"] == "user")
    #expect(updated.grant == issued.session.grant)
    #expect(updated.absoluteEnd == issued.session.absoluteEnd)
    #expect(updated.accessTokenExpiresAt == issued.session.accessTokenExpiresAt)
    #expect(updated.expiresAt == world.clock.now + .seconds(24 * 3_600))
    #expect(try await store.sessions.load(accessToken: try #require(issued.credentials.accessToken)) == updated)
  }

  @Test("an update of a session that was changed, ended or logged out meanwhile changes nothing")
  func staleUpdate() async throws {
    let world = try World()
    let store = try world.process()
    let issued = try await store.sessions.create(.ada)
    let id = try #require(issued.credentials.id)
    var details = issued.session.details
    details.scopes = ["1"]
    let changed = try #require(try await store.sessions.update(issued.session, to: details))
    details.scopes = ["2"]
    #expect(try await store.sessions.update(issued.session, to: details) == nil)
    #expect(try await store.sessions.load(id: id)?.scopes == ["1"])
    try await store.sessions.delete(id: id)
    #expect(try await store.sessions.update(changed, to: details) == nil)
    #expect(try await store.sessions.load(id: id) == nil)
  }

  @Test("an update that names another user moves the session to that user's group")
  func updatedGroups() async throws {
    let store = try World().process()
    let issued = try await store.sessions.create(.ada)
    let grace = SubjectIdentifier(issuer: "https://issuer.example", subject: "grace")
    var details = issued.session.details
    details.subject = grace
    _ = try await store.sessions.update(issued.session, to: details)
    #expect(try await store.revoke(SubjectIdentifier(issuer: "https://issuer.example", subject: "ada")) == 0)
    #expect(try await store.revoke(grace) == 1)
  }

  @Test("a backend that can't answer is not a session that is absent")
  func failureIsNotAbsence() async throws {
    let world = try World()
    let accessToken = try #require(try await world.process().sessions.create(.ada).credentials.accessToken)
    let store = try world.process(over: world.backend.intercepted(by: Mishap(.failsWithEffectNone, atCall: 0)))
    await expectError(.unavailable) { _ = try await store.sessions.load(accessToken: accessToken) }
    #expect(try await store.sessions.load(accessToken: accessToken) != nil)
  }

  @Test("a life that is not positive is refused")
  func badLifetime() async throws {
    let store = try World().process()
    for lifetime in [
      SessionLifetime(idle: .zero), SessionLifetime(absolute: .seconds(-1)), SessionLifetime(accessToken: .zero),
    ] {
      await expectError(.invalidArgument) { _ = try await store.sessions.create(.ada, lifetime: lifetime) }
    }
  }
}

extension IssuedSession {
  func digest(in world: World) -> RecordDigest { world.digester.digest(credentials.id ?? "", as: .sessionID) }
}
