import AuthCache
import AuthCacheConformance
import Testing

@Suite struct RotationRaceTests {
  private static let credentials = SessionCredentials(id: "i", accessToken: "a", refreshToken: "r")

  private func explore(
    seed: UInt64, floor: Int, _ configuration: AuthStore.Configuration = AuthStore.Configuration(),
    _ scenario: @escaping @Sendable (Schedule, World, [AuthStore]) async throws -> Void
  ) async {
    let result = await Exploration(
      seed: seed, schedules: RaceLaws.schedules(500), floor: RaceLaws.floor(floor)
    ).run { schedule in
      let world = try World(clock: schedule.clock, entropy: schedule.entropy)
      let shared = world.backend.interleaved()
      let stores = [try world.process(over: shared, configuration), try world.process(over: shared, configuration)]
      try await world.process().sessions.store(.ada, under: Self.credentials)
      try await scenario(schedule, world, stores)
    }
    #expect(result.isPassed, "\(result)")
  }

  @Test("of two racing clients one rotates, and the other is told of a reuse")
  func twoClients() async {
    await explore(seed: 5, floor: 100) { schedule, world, stores in
      let answers = try await schedule.clients(["0", "1"]) { name in
        try await stores[name == "0" ? 0 : 1].sessions.rotate("r", clientID: "app")
      }
      schedule.expect(answers.map(\.name).sorted() == ["reused", "rotated"], "\(answers.map(\.name))")
      schedule.expect(try await world.records(.session).count == 1, "not one session")
    }
  }

  @Test("within a grace period two racing clients get the same successor")
  func twoClientsWithGrace() async {
    await explore(seed: 6, floor: 100, RotationTests.grace) { schedule, world, stores in
      let answers = try await schedule.clients(["0", "1"]) { name in
        try await stores[name == "0" ? 0 : 1].sessions.rotate("r", clientID: "app")
      }
      let tokens = answers.compactMap { $0.issued?.credentials.refreshToken }
      schedule.expect(tokens.count == 2 && tokens[0] == tokens[1], "\(answers.map(\.name))")
      let session = try await world.process().sessions.load(refreshToken: tokens.first ?? "")
      schedule.expect(session != nil, "the successor is not the session's")
    }
  }

  @Test("a logout beside a rotation is not undone")
  func logout() async {
    await explore(seed: 7, floor: 20) { schedule, world, stores in
      try await schedule.together([
        "client": { _ = try await stores[0].sessions.rotate("r", clientID: "app") },
        "user": { try await stores[1].sessions.delete(id: "i") },
      ])
      schedule.expect(try await world.records(.session).isEmpty, "the session outlived its logout")
    }
  }

  @Test("a late save beside a rotation neither brings the spent token back nor loses the new one")
  func lateSave() async {
    await explore(seed: 8, floor: 20) { schedule, world, stores in
      let session = try await stores[1].sessions.load(id: "i")
      try await schedule.together([
        "client": {
          let rotation = try await stores[0].sessions.rotate("r", clientID: "app")
          schedule.expect(rotation.issued != nil, "\(rotation.name)")
          let now = try await world.process().sessions.load(
            refreshToken: rotation.issued?.credentials.refreshToken ?? "")
          schedule.expect(now != nil, "the new token is lost")
        },
        "request": {
          guard let session else { return schedule.fail("no session") }
          var details = session.details
          details.scopes = ["more"]
          let saved = try await stores[1].sessions.update(session, to: details)
          let now = try await world.process().sessions.load(id: "i")
          if saved != nil { schedule.expect(now?.scopes == ["more"], "the save is lost") }
        },
      ])
      schedule.expect(try await world.process().sessions.load(refreshToken: "r") == nil, "the spent token is back")
    }
  }

  @Test("sealing anew beside a rotation loses neither")
  func resealing() async {
    await explore(seed: 9, floor: 20) { schedule, world, stores in
      try world.ring.add(.generate(id: "second"))
      try await schedule.together([
        "client": {
          let rotation = try await stores[0].sessions.rotate("r", clientID: "app")
          schedule.expect(rotation.issued != nil, "\(rotation.name)")
        },
        "request": {
          schedule.expect(try await stores[1].sessions.load(id: "i") != nil, "the session is not found")
        },
      ])
      try world.ring.remove(id: "first")
      schedule.expect(try await world.process().sessions.load(id: "i") != nil, "the session is lost")
    }
  }
}
