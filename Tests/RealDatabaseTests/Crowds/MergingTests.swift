import AuthCache
import AuthCacheServers
import Testing

extension RealDatabases {
  /// What many ask at once goes to the server as few statements, and what fails of it fails alone.
  @Suite(.serialized, .timeLimit(.minutes(2))) struct MergingTests {
    private static let (tasks, rounds) = (64, 20)

    @Test(
      "of 64 tasks the stores share commits and the loads share statements", arguments: Database.servers)
    func shared(_ database: Database) async throws {
      let server = try await ThrowawayServer.start(database.server, ServerOptions(isDurable: false))
      let raw = try RawSession(database, at: server.url)
      for writes in [true, false] {
        var backend = try await database.open(server.url)
        let before = try count(database, writes: writes, raw)
        try await withThrowingDiscardingTaskGroup { [backend] group in
          for task in 0..<Self.tasks {
            group.addTask {
              for round in 0..<Self.rounds {
                let code = record(UInt64(task * 100 + round))
                if writes {
                  try await backend.store(code)
                } else {
                  #expect(try await backend.load(code.id) != nil)
                }
              }
            }
          }
        }
        // PostgreSQL counts at the latest when a connection ends.
        try await backend.close()
        if database == .postgres { try await until { try raw.others() == 0 } }
        let done = try count(database, writes: writes, raw) - before
        #expect(done > 0)
        #expect(done < Self.tasks * Self.rounds / 3, "writes: \(writes)")
        backend = try await database.open(server.url)
        #expect(try await backend.load(record(UInt64(Self.tasks * 100 - 100 + Self.rounds - 1)).id) != nil)
        try await backend.close()
      }
      await server.end()
    }

    /// Commits, or what stands for statements.
    private func count(_ database: Database, writes: Bool, _ raw: RawSession) throws -> Int {
      let text =
        switch (database, writes) {
        case (.postgres, _): "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        case (_, true):
          "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'Handler_commit'"
        case (_, false):
          "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'Com_stmt_execute'"
        }
      return Int(try raw.run(text).first ?? "") ?? 0
    }

    @Test("of fifty stores in one batch the one whose alias is taken fails, alone", arguments: Database.ways)
    func alone(_ database: Database) async throws {
      let line = try await Line(database)
      let backend = line.backend
      func session(_ number: UInt64, alias: UInt64) -> Record {
        record(number, kind: .session, aliases: Aliases(accessToken: digest(1_000 + alias)))
      }
      try await backend.store(session(1, alias: 33))
      let sessions = (10..<60).map { session($0, alias: $0) }
      let failures = try await line.together(sessions) { try await backend.store($0) }
      for (session, error) in zip(sessions, failures) {
        let isTaken = session.digest == digest(33)
        #expect((error != nil) == isTaken)
        if isTaken { #expect(error?.code == .conflict && error?.effect == AuthCacheError.Effect.none) }
        #expect((try await backend.load(session.id) != nil) == !isTaken)
      }
      #expect(
        try await backend.load(Lookup(kind: .session, field: .accessToken, digest: digest(1_033)))?.digest == digest(1))
      try await line.end()
    }
  }
}
