import AuthCache
import AuthCacheConformance
import AuthCacheMySQL
import AuthCachePostgres
import AuthCacheServers
import Testing

extension RealDatabases {
  @Suite(.serialized, .timeLimit(.minutes(1))) struct AnnouncingTests {
    @Test("announcing is off unless asked for, and then on for whoever writes", arguments: Database.servers)
    func agreed(_ database: Database) async throws {
      let (server, table) = (try await SharedServer.of(database), SharedServer.tableName())
      let early = try await database.announcing(server.url, table: table, announces: false)
      let refusal = try await failure { _ = try await early.invalidations() }
      #expect(refusal?.code == .unsupported)
      try await early.store(record(1))

      // A table with records, that somebody else has open, becomes one that announces.
      let ear = try await Ear(try await database.announcing(server.url, table: table))
      try await early.store(record(2))
      try await until { ear.hears(.record(record(2).id)) }
      #expect(try await early.remove(record(1).id))
      try await until { ear.hears(.record(record(1).id)) }

      // And stays so for those who do not ask, and for whoever writes without this library.
      let late = try await database.announcing(server.url, table: table, announces: false)
      let other = try await Ear(late)
      try RawSession(database, at: server.url).run("DELETE FROM \(table)")
      try await until { other.hears(.record(record(2).id)) && ear.hears(.record(record(2).id)) }
      try await early.close()
      try await late.close()
    }

    @Test("ten handles ask for it at once, and one makes it", arguments: Database.servers)
    func together(_ database: Database) async throws {
      let (server, table) = (try await SharedServer.of(database), SharedServer.tableName())
      let handles = try await withThrowingTaskGroup(of: Database.Announcer.self) { group in
        for _ in 0..<10 { group.addTask { try await database.announcing(server.url, table: table) } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      let raw = try RawSession(database, at: server.url)
      #expect(try raw.run("SELECT version FROM \(table)_announcing") == ["1"])
      let ear = try await Ear(handles[0])
      try await handles[9].store(record(1))
      try await until { ear.hears(.record(record(1).id)) }
      for handle in handles { try await handle.close() }
    }

    @Test("names with capitals, and a table for each kind", arguments: Database.servers, [false, true])
    func names(_ database: Database, isTablePerKind: Bool) async throws {
      let server = try await SharedServer.of(database)
      let table = "Auth_\(SharedServer.tableName())_CACHE"
      let backends = [
        try await database.announcing(server.url, table: table, isTablePerKind: isTablePerKind),
        try await database.announcing(server.url, table: table, announces: false, isTablePerKind: isTablePerKind),
      ]
      let ear = try await Ear(backends[0])
      for kind in [RecordKind.session, .code, .client] {
        let record = record(7, kind: kind)
        try await backends[1].store(record)
        try await until { ear.hears(.record(record.id)) }
      }
      for backend in backends { try await backend.close() }
    }

    @Test("what was cancelled or closed leaves no connection", arguments: Database.servers)
    func connections(_ database: Database) async throws {
      let (server, table) = (try await SharedServer.durable(database), SharedServer.tableName())
      let raw = try RawSession(database, at: server.url)
      let backend = try await database.announcing(server.url, table: table, connections: 1...1)
      try await backend.store(record(1))
      let before = try raw.others()
      for _ in 0..<5 {
        let ear = try await Ear(backend)
        ear.cancel()
        try await until { ear.hasEnded }
      }
      try await until { try raw.others() <= before }
      let ears = [try await Ear(backend), try await Ear(backend)]
      try await backend.close()
      try await until { ears.allSatisfy(\.hasEnded) }
      try await until { try raw.others() == 0 }
    }

    @Test(
      "a batch is few notifications, and what is too much for them is a gap",
      .enabled(if: ServerKind.postgres.canBeTested, "\(ServerKind.postgres.whatIsMissing ?? "")"))
    func batches() async throws {
      let (server, table) = (try await SharedServer.of(.postgres), SharedServer.tableName())
      let backend = try await Database.postgres.announcing(server.url, table: table)
      let ear = try await Ear(backend)
      func sessions(_ range: Range<UInt64>) -> [Record] {
        range.map {
          record(
            $0, kind: .session,
            aliases: Aliases(accessToken: digest(100_000 + $0), refreshToken: digest(200_000 + $0)))
        }
      }
      let few = sessions(0..<800)
      try await backend.store(contentsOf: few)
      for session in few { for lookup in session.lookups { try await until { ear.hears(.record(lookup)) } } }
      #expect(!ear.hears(.gap))
      // More than one statement carries: each tells of its own.
      try await backend.store(contentsOf: sessions(1_000..<3_500))
      try await until { ear.hears(.record(digestLookup(3_499))) || ear.hears(.gap) }
      ear.forget()
      try RawSession(.postgres, at: server.url).run("DELETE FROM \(table)")
      try await until { ear.hears(.gap) }
      try await backend.close()
    }

    private func digestLookup(_ number: UInt64) -> Lookup { .id(.session, digest(number)) }
  }
}
