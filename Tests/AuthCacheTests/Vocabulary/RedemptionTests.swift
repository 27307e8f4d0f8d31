import AuthCache
import AuthCacheConformance
import Testing

@Suite struct RedemptionTests {
  static let redirectURI = "https://app.example/callback"

  private func code(_ verifier: CodeVerifier?) -> AuthorizationCode {
    var code = CodesTests.code
    code.challenge = verifier?.challenge()
    return code
  }

  @Test("a code is redeemed for a session that holds what was authorized, in the code's grant")
  func redeemed() async throws {
    let store = try World().process()
    let verifier = CodeVerifier.generate()
    let value = try await store.codes.store(code(verifier))
    let grant = try #require(try await store.codes.load(value)?.grant)
    let request = RedemptionRequest(clientID: "app", redirectURI: Self.redirectURI, codeVerifier: verifier.text)
    let issued = try #require(try await store.codes.redeem(value, by: request).issued)
    #expect(issued.session.grant == grant)
    #expect(issued.session.clientID == "app")
    #expect(issued.session.subject == CodesTests.code.subject)
    #expect(issued.session.providerSession == CodesTests.code.providerSession)
    #expect(issued.session.scopes == ["openid"])
    #expect(issued.session.data["tenant"] == "blue")
    let accessToken = try #require(issued.credentials.accessToken)
    let refreshToken = try #require(issued.credentials.refreshToken)
    let id = try #require(issued.credentials.id)
    #expect(Set([accessToken, refreshToken, id, value]).count == 4)
    #expect(try await store.sessions.load(accessToken: accessToken) == issued.session)
    #expect(try await store.sessions.load(refreshToken: refreshToken) == issued.session)
    #expect(try await store.sessions.load(id: id) == issued.session)
  }

  @Test("the application decides what the session holds, how long it lives and under which credentials")
  func ownDetails() async throws {
    let world = try World()
    let store = try world.process()
    let value = try await store.codes.store(code(nil))
    let redemption = try await store.codes.redeem(
      value, by: RedemptionRequest(clientID: "app", redirectURI: Self.redirectURI),
      credentials: SessionCredentials(id: "i", accessToken: "a", refreshToken: nil),
      lifetime: SessionLifetime(idle: .seconds(60), absolute: .seconds(90), accessToken: .seconds(30))
    ) { code in SessionDetails(subject: code.subject, scopes: ["narrower"]) }
    let session = try #require(redemption.issued?.session)
    #expect(session.scopes == ["narrower"])
    #expect(session.clientID == "app")
    #expect(session.absoluteEnd == world.clock.now + .seconds(90))
    #expect(try await store.sessions.load(accessToken: "a") == session)
    #expect(redemption.issued?.credentials.refreshToken == nil)
  }

  @Test("a replay by the bound client is told from an unknown code, and its grant holds what was issued")
  func replayed() async throws {
    let store = try World().process()
    let value = try await store.codes.store(code(nil))
    let request = RedemptionRequest(clientID: "app", redirectURI: Self.redirectURI)
    let issued = try #require(try await store.codes.redeem(value, by: request).issued)
    let replay = try await store.codes.redeem(value, by: request)
    let grant = try #require(replay.replayedGrant)
    #expect(grant == issued.session.grant)
    #expect(try await store.revoke(grant) == 2)
    #expect(try await store.sessions.load(accessToken: try #require(issued.credentials.accessToken)) == nil)
    #expect(try await store.codes.redeem("never stored", by: request).name == "unknown")
  }

  @Test("a replay is recognized for as long as what was issued can live, also long after the code's own end")
  func memory() async throws {
    let world = try World()
    let store = try world.process()
    let value = try await store.codes.store(code(nil))
    let request = RedemptionRequest(clientID: "app", redirectURI: Self.redirectURI)
    let lifetime = SessionLifetime(absolute: .seconds(90 * 24 * 3_600))
    #expect(try await store.codes.redeem(value, by: request, lifetime: lifetime).name == "redeemed")
    world.clock.advance(by: .seconds(90 * 24 * 3_600 - 1))
    #expect(try await store.codes.redeem(value, by: request).name == "replayed")
    world.clock.advance(by: .seconds(1))
    #expect(try await store.codes.redeem(value, by: request).name == "unknown")
  }

  @Test("a mismatch neither spends the code nor revokes anything")
  func mismatches() async throws {
    let world = try World()
    let store = try world.process()
    let verifier = CodeVerifier.generate()
    let value = try await store.codes.store(code(verifier))
    let good = RedemptionRequest(clientID: "app", redirectURI: Self.redirectURI, codeVerifier: verifier.text)
    func answer(_ change: (inout RedemptionRequest) -> Void) async throws -> String {
      var request = good
      change(&request)
      return try await store.codes.redeem(value, by: request).name
    }
    for _ in 0..<2 {
      #expect(try await answer { $0.clientID = "other" } == "clientMismatch")
      #expect(try await answer { $0.redirectURI = "https://app.example/callback/" } == "redirectURIMismatch")
      #expect(try await answer { $0.redirectURI = nil } == "redirectURIMismatch")
      #expect(try await answer { $0.codeVerifier = nil } == "verifierMismatch")
      #expect(try await answer { $0.codeVerifier = CodeVerifier.generate().text } == "verifierMismatch")
      #expect(try await answer { $0.codeVerifier = "short" } == "verifierMismatch")
      let sessions = try await world.records(.session).count
      if sessions == 0 { #expect(try await answer { _ in } == "redeemed") }
    }
    // All of that again on the spent code: nobody but the bound client learns that it was spent.
    #expect(try await world.records(.session).count == 1)
    #expect(try await answer { _ in } == "replayed")
  }

  @Test("a verifier for a code without a challenge is a mismatch, against PKCE downgrade")
  func downgrade() async throws {
    let store = try World().process()
    let value = try await store.codes.store(code(nil))
    let request = RedemptionRequest(
      clientID: "app", redirectURI: Self.redirectURI, codeVerifier: CodeVerifier.generate().text)
    #expect(try await store.codes.redeem(value, by: request).name == "verifierMismatch")
  }

  @Test("a code that was bound to no redirect URI asks for none")
  func unboundRedirectURI() async throws {
    let store = try World().process()
    let value = try await store.codes.store(AuthorizationCode(clientID: "app"))
    let request = RedemptionRequest(clientID: "app", redirectURI: "https://app.example/any")
    #expect(try await store.codes.redeem(value, by: request).name == "redeemed")
  }

  @Test("a code that was never redeemed is expired at its end")
  func expired() async throws {
    let world = try World()
    let store = try world.process()
    let value = try await store.codes.store(code(nil))
    let request = RedemptionRequest(clientID: "app", redirectURI: Self.redirectURI)
    world.clock.advance(by: .seconds(60))
    #expect(try await store.codes.redeem(value, by: request).name == "expired")
    #expect(try await world.records(.session).isEmpty)
  }

  @Test("credentials of a live session are refused, and the code stays good")
  func takenCredentials() async throws {
    let world = try World()
    let store = try world.process()
    let taken = try await store.sessions.create(.ada)
    let value = try await store.codes.store(code(nil))
    let request = RedemptionRequest(clientID: "app", redirectURI: Self.redirectURI)
    await expectError(.conflict) {
      _ = try await store.codes.redeem(value, by: request, credentials: SessionCredentials(id: taken.credentials.id))
    }
    await expectError(.conflict) {
      _ = try await store.codes.redeem(
        value, by: request, credentials: SessionCredentials(accessToken: taken.credentials.accessToken))
    }
    #expect(try await store.sessions.load(id: try #require(taken.credentials.id)) == taken.session)
    #expect(try await store.codes.redeem(value, by: request).name == "redeemed")
  }

  @Test(
    "whatever goes wrong at whatever call, the code is redeemable or redeemed, and a replay's grant is complete",
    arguments: MishapKind.allCases)
  func mishaps(_ kind: MishapKind) async throws {
    let request = RedemptionRequest(clientID: "app", redirectURI: Self.redirectURI)
    var number = 0
    while true {
      let world = try World()
      let mishap = Mishap(kind, atCall: number)
      let value = try await world.process().codes.store(code(nil))
      var first: Redemption?
      var failure: AuthCacheError?
      do {
        first = try await world.process(over: world.backend.intercepted(by: mishap)).codes.redeem(value, by: request)
      } catch let error as AuthCacheError {
        failure = error
      }
      #expect(first == nil || first?.name == "redeemed")

      let fresh = try world.process()
      let second = try await fresh.codes.redeem(value, by: request)
      #expect(["redeemed", "replayed"].contains(second.name), "call \(number)")
      if first != nil { #expect(second.name == "replayed", "two redeemed, call \(number)") }
      if failure?.effect == AuthCacheError.Effect.none {
        #expect(second.name == "redeemed", "the code was spent by what certainly did nothing, call \(number)")
      }
      let third = try await fresh.codes.redeem(value, by: request)
      let grant = try #require(third.replayedGrant, "call \(number)")
      try await fresh.revoke(grant)
      #expect(try await world.records(.session).isEmpty, "the grant was not complete, call \(number)")
      guard mishap.happened else { break }
      number += 1
    }
    #expect(number == 3, "load, insert, replace")
  }

  @Test("a lost answer to the deciding call is resolved: the code counts as redeemed by the one who redeemed it")
  func lostAnswer() async throws {
    let world = try World()
    let value = try await world.process().codes.store(code(nil))
    let store = try world.process(over: world.backend.intercepted(by: Mishap(.appliedWithEffectUnknown, atCall: 2)))
    let request = RedemptionRequest(clientID: "app", redirectURI: Self.redirectURI)
    let issued = try #require(try await store.codes.redeem(value, by: request).issued)
    #expect(try await world.process().sessions.load(accessToken: try #require(issued.credentials.accessToken)) != nil)
  }

  @Test("of two racing clients one redeems; the other is told of a replay and leaves no session")
  func race() async throws {
    let request = RedemptionRequest(clientID: "app", redirectURI: Self.redirectURI)
    let result = await Exploration(
      seed: 3, schedules: RaceLaws.schedules(600), floor: RaceLaws.floor(100)
    ).run { schedule in
      let world = try World(clock: schedule.clock, entropy: schedule.entropy)
      let shared = world.backend.interleaved()
      let stores = [try world.process(over: shared), try world.process(over: shared)]
      try await stores[0].codes.store(CodesTests.code, under: "c")
      let answers = try await schedule.clients(["0", "1"]) { name in
        try await stores[name == "0" ? 0 : 1].codes.redeem("c", by: request)
      }
      schedule.expect(answers.count { $0.issued != nil } == 1, "\(answers.map(\.name))")
      schedule.expect(answers.count { $0.replayedGrant != nil } == 1, "\(answers.map(\.name))")
      let sessions = try await world.records(.session)
      schedule.expect(sessions.count == 1, "\(sessions.count) sessions of one code")
      if let grant = answers.compactMap(\.replayedGrant).first { try await stores[1].revoke(grant) }
      schedule.expect(try await world.records(.session).isEmpty, "the grant was not complete")
    }
    #expect(result.isPassed, "\(result)")
  }

  @Test("a logout beside a redemption leaves no session, in whatever order")
  func raceWithRevocation() async throws {
    let request = RedemptionRequest(clientID: "app", redirectURI: Self.redirectURI)
    let result = await Exploration(
      seed: 4, schedules: RaceLaws.schedules(400), floor: RaceLaws.floor(20)
    ).run { schedule in
      let world = try World(clock: schedule.clock, entropy: schedule.entropy)
      let store = try world.process(over: world.backend.interleaved())
      try await store.codes.store(CodesTests.code, under: "c")
      try await schedule.together([
        "client": { _ = try await store.codes.redeem("c", by: request) },
        "provider": { try await store.revoke(SubjectIdentifier(issuer: "https://issuer.example", subject: "ada")) },
      ])
      schedule.expect(try await world.records(.session).isEmpty, "a session outlived the logout")
      schedule.expect(try await store.codes.load("c") == nil, "the code outlived the logout")
    }
    #expect(result.isPassed, "\(result)")
  }
}
