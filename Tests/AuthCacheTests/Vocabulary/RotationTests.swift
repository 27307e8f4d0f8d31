import AuthCache
import AuthCacheConformance
import Testing

@Suite struct RotationTests {
  static let grace = AuthStore.Configuration(refreshGrace: .seconds(10))

  @Test("a rotation gives new tokens, ends the old ones, and keeps the session's id, grant, details and absolute end")
  func rotated() async throws {
    let world = try World()
    let store = try world.process()
    let old = try await store.sessions.create(.ada)
    world.clock.advance(by: .seconds(1_800))
    let oldRefresh = try #require(old.credentials.refreshToken)
    let new = try #require(try await store.sessions.rotate(oldRefresh, clientID: "app").issued)
    let accessToken = try #require(new.credentials.accessToken)
    let refreshToken = try #require(new.credentials.refreshToken)
    #expect(new.credentials.id == nil)
    #expect(try await store.sessions.load(accessToken: accessToken) == new.session)
    #expect(try await store.sessions.load(refreshToken: refreshToken) == new.session)
    #expect(try await store.sessions.load(id: try #require(old.credentials.id)) == new.session)
    #expect(try await store.sessions.load(refreshToken: oldRefresh) == nil)
    #expect(try await store.sessions.load(accessToken: try #require(old.credentials.accessToken)) == nil)
    #expect(new.session.details == old.session.details)
    #expect(new.session.grant == old.session.grant)
    #expect(new.session.absoluteEnd == old.session.absoluteEnd)
    #expect(new.session.createdAt == old.session.createdAt)
    #expect(new.session.accessTokenExpiresAt == world.clock.now + .seconds(3_600))
    #expect(new.session.expiresAt == world.clock.now + .seconds(24 * 3_600))
  }

  @Test("a chain of rotations goes on, and every token before the last is a reuse")
  func chain() async throws {
    let store = try World().process()
    let first = try await store.sessions.create(.ada)
    var tokens = [try #require(first.credentials.refreshToken)]
    for _ in 0..<5 {
      let next = try #require(try await store.sessions.rotate(tokens[tokens.count - 1], clientID: "app").issued)
      tokens.append(try #require(next.credentials.refreshToken))
    }
    #expect(Set(tokens).count == 6)
    for token in tokens.dropLast() {
      #expect(try await store.sessions.rotate(token, clientID: "app").reusedGrant == first.session.grant)
    }
    #expect(try await store.sessions.rotate(tokens[5], clientID: "app").name == "rotated")
  }

  @Test("a reused token's grant holds the session")
  func reused() async throws {
    let world = try World()
    let store = try world.process()
    let old = try #require(try await store.sessions.create(.ada).credentials.refreshToken)
    let new = try #require(try await store.sessions.rotate(old, clientID: "app").issued)
    let grant = try #require(try await store.sessions.rotate(old, clientID: "app").reusedGrant)
    try await store.revoke(grant)
    #expect(try await store.sessions.load(accessToken: try #require(new.credentials.accessToken)) == nil)
    #expect(try await world.records(.session).isEmpty)
    #expect(try await store.sessions.rotate(old, clientID: "app").name == "unknown")
  }

  @Test("another client can neither rotate a token nor have it revoked by showing an old one")
  func otherClient() async throws {
    let store = try World().process()
    let old = try #require(try await store.sessions.create(.ada).credentials.refreshToken)
    for client in ["other", nil] { #expect(try await store.sessions.rotate(old, clientID: client).name == "unknown") }
    #expect(try await store.sessions.rotate(old, clientID: "app").name == "rotated")
    for client in ["other", nil] { #expect(try await store.sessions.rotate(old, clientID: client).name == "unknown") }
    #expect(try await store.sessions.rotate(old, clientID: "app").name == "reused")
  }

  @Test("a token that never was, or whose session has ended, is unknown")
  func unknown() async throws {
    let world = try World()
    let store = try world.process()
    let token = try #require(try await store.sessions.create(.ada).credentials.refreshToken)
    #expect(try await store.sessions.rotate("never", clientID: "app").name == "unknown")
    world.clock.advance(by: .seconds(24 * 3_600))
    #expect(try await store.sessions.rotate(token, clientID: "app").name == "unknown")
  }

  @Test("the memory of a spent token lives to the session's absolute end")
  func memory() async throws {
    let world = try World()
    let store = try world.process()
    let issued = try await store.sessions.create(.ada)
    let token = try #require(issued.credentials.refreshToken)
    _ = try await store.sessions.rotate(token, clientID: "app")
    #expect(try await world.records(.spentRefresh).map(\.expiresAt) == [issued.session.absoluteEnd])
    world.clock.advance(to: issued.session.absoluteEnd - .milliseconds(1))
    #expect(try await store.sessions.rotate(token, clientID: "app").name == "reused")
  }

  @Test("a session without an access token gets none by a rotation")
  func withoutAccessToken() async throws {
    let store = try World().process()
    try await store.sessions.store(.ada, under: SessionCredentials(refreshToken: "r"))
    let issued = try #require(try await store.sessions.rotate("r", clientID: "app").issued)
    #expect(issued.credentials.accessToken == nil)
    #expect(issued.session.accessTokenExpiresAt == nil)
  }

  @Test("without a grace period no token is kept in what is stored; with one they are sealed")
  func kept() async throws {
    for (configuration, isKept) in [(AuthStore.Configuration(), false), (Self.grace, true)] {
      let world = try World()
      let store = try world.process(configuration)
      let old = try #require(try await store.sessions.create(.ada).credentials.refreshToken)
      _ = try await store.sessions.rotate(old, clientID: "app")
      let record = try #require(try await world.records(.spentRefresh).first)
      let content = try Sealer.sealing(with: world.ring).open(record.payload.bytes, for: SealingContext(of: record))
      #expect(String(decoding: content, as: UTF8.self).contains(#""refreshToken":"#) == isKept)
    }
  }

  @Test("within the grace period the same client gets the same successor, and only until that is used or time is up")
  func gracePeriod() async throws {
    let world = try World()
    let store = try world.process(Self.grace)
    let old = try #require(try await store.sessions.create(.ada).credentials.refreshToken)
    let first = try #require(try await store.sessions.rotate(old, clientID: "app").issued)
    world.clock.advance(by: .milliseconds(9_999))
    let second = try #require(try await store.sessions.rotate(old, clientID: "app").issued)
    #expect(second.credentials == first.credentials)
    #expect(try await store.sessions.rotate(old, clientID: "other").name == "unknown")
    world.clock.advance(by: .milliseconds(1))
    #expect(try await store.sessions.rotate(old, clientID: "app").name == "reused")

    let next = try #require(first.credentials.refreshToken)
    #expect(try await store.sessions.rotate(next, clientID: "app").name == "rotated")
    #expect(try await store.sessions.rotate(next, clientID: "app").name == "rotated")
    #expect(try await store.sessions.rotate(old, clientID: "app").name == "reused")
  }

  @Test("once the successor was rotated the old token is a reuse, within the grace period too")
  func graceEndsWithUse() async throws {
    let store = try World().process(Self.grace)
    let old = try #require(try await store.sessions.create(.ada).credentials.refreshToken)
    let first = try #require(try await store.sessions.rotate(old, clientID: "app").issued)
    _ = try await store.sessions.rotate(try #require(first.credentials.refreshToken), clientID: "app")
    #expect(try await store.sessions.rotate(old, clientID: "app").name == "reused")
  }

  @Test("a logout is not undone by a repeated rotation within the grace period")
  func graceAfterLogout() async throws {
    let store = try World().process(Self.grace)
    let issued = try await store.sessions.create(.ada)
    let old = try #require(issued.credentials.refreshToken)
    _ = try await store.sessions.rotate(old, clientID: "app")
    try await store.sessions.delete(id: try #require(issued.credentials.id))
    #expect(try await store.sessions.rotate(old, clientID: "app").name == "unknown")
  }

  @Test("a grace period is refused with plaintext payloads, which would show the tokens")
  func graceNeedsSealing() async throws {
    let world = try World()
    await expectError(.invalidArgument) {
      _ = try AuthStore(
        over: world.backend, protection: .plaintext(digester: world.digester), configuration: Self.grace,
        clock: world.clock)
    }
  }

  @Test(
    "whatever goes wrong at whatever call, there is one session with one successor at most",
    arguments: MishapKind.allCases)
  func mishaps(_ kind: MishapKind) async throws {
    var number = 0
    while true {
      let world = try World()
      let mishap = Mishap(kind, atCall: number)
      let fresh = try world.process()
      let old = try #require(try await fresh.sessions.create(.ada).credentials.refreshToken)
      var first: Rotation?
      var failure: AuthCacheError?
      do {
        let failing = try world.process(over: world.backend.intercepted(by: mishap))
        first = try await failing.sessions.rotate(old, clientID: "app")
      } catch let error as AuthCacheError {
        failure = error
      }
      #expect(first == nil || first?.name == "rotated")
      let second = try await fresh.sessions.rotate(old, clientID: "app")
      #expect(try await world.records(.session).count == 1, "call \(number)")
      if first != nil { #expect(second.name == "reused", "two rotated, call \(number)") }
      if failure?.effect == AuthCacheError.Effect.none {
        #expect(second.name == "rotated", "the token was spent by what certainly did nothing, call \(number)")
      } else {
        #expect(["rotated", "reused"].contains(second.name), "call \(number)")
      }
      if let issued = first?.issued ?? second.issued {
        #expect(try await fresh.sessions.load(accessToken: try #require(issued.credentials.accessToken)) != nil)
      }
      let third = try await fresh.sessions.rotate(old, clientID: "app")
      try await fresh.revoke(try #require(third.reusedGrant, "call \(number)"))
      #expect(try await world.records(.session).isEmpty, "the grant was not complete, call \(number)")
      guard mishap.happened else { break }
      number += 1
    }
    #expect(number == 3, "load, insert, replace")
  }

  @Test(
    "with a grace period the client that tries again after anything gets its successor",
    arguments: MishapKind.allCases)
  func mishapsWithGrace(_ kind: MishapKind) async throws {
    var number = 0
    while true {
      let world = try World()
      let mishap = Mishap(kind, atCall: number)
      let fresh = try world.process(Self.grace)
      let old = try #require(try await fresh.sessions.create(.ada).credentials.refreshToken)
      let failing = try world.process(over: world.backend.intercepted(by: mishap), Self.grace)
      let first = try? await failing.sessions.rotate(old, clientID: "app")
      let second = try #require(try await fresh.sessions.rotate(old, clientID: "app").issued, "call \(number)")
      if let first = first?.issued { #expect(first.credentials == second.credentials) }
      let loaded = try await fresh.sessions.load(accessToken: try #require(second.credentials.accessToken))
      #expect(loaded == second.session, "call \(number)")
      #expect(try await fresh.sessions.load(refreshToken: old) == nil)
      #expect(try await world.records(.session).count == 1)
      guard mishap.happened else { break }
      number += 1
    }
    #expect(number == 3, "load, insert, replace")
  }

  @Test("the same when the one that finishes a rotation fails", arguments: MishapKind.allCases)
  func mishapsWhileFinishing(_ kind: MishapKind) async throws {
    var number = 0
    while true {
      let world = try World()
      let fresh = try world.process(Self.grace)
      let old = try #require(try await fresh.sessions.create(.ada).credentials.refreshToken)
      // Dies between the two writes, so that somebody else has to finish.
      let dying = try world.process(over: world.backend.intercepted(by: Mishap(.crashBefore, atCall: 2)), Self.grace)
      _ = try? await dying.sessions.rotate(old, clientID: "app")
      let mishap = Mishap(kind, atCall: number)
      let failing = try world.process(over: world.backend.intercepted(by: mishap), Self.grace)
      let first = try? await failing.sessions.rotate(old, clientID: "app")
      let second = try #require(try await fresh.sessions.rotate(old, clientID: "app").issued, "call \(number)")
      if let first = first?.issued { #expect(first.credentials == second.credentials) }
      #expect(try await world.records(.session).count == 1)
      guard mishap.happened else { break }
      number += 1
    }
    #expect(number == 5, "load, insert, load spent, load session, replace")
  }
}
