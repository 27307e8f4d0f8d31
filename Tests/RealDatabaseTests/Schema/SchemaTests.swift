import AuthCache
import AuthCacheConformance
import AuthCacheMySQL
import AuthCachePostgres
import AuthCacheServers
import Testing

extension RealDatabases {
  @Suite(.serialized, .timeLimit(.minutes(4))) struct SchemaTests {
    private func place(_ database: Database) async throws -> (ThrowawayServer, Database.Settings, RawSession) {
      let server = try await SharedServer.of(database)
      var settings = Database.Settings()
      settings.tableName = SharedServer.tableName()
      return (server, settings, try RawSession(database, at: server.url))
    }

    private func schema(_ database: Database, _ table: String) throws -> String {
      database == .postgres ? try PostgresBackend.schema(tableName: table) : try MySQLBackend.schema(tableName: table)
    }

    @Test(
      "ten processes and ten handles open one empty database at once, and all of them share it",
      arguments: Database.servers)
    func together(_ database: Database) async throws {
      let (server, settings, raw) = try await place(database)
      let clock: any AuthCacheClock = .system
      let series = RecordSeries(seed: 9, start: clock.now, aliases: true)
      let crew = try Crew(10, "store.open", database, on: server, table: settings.tableName) {
        series.arguments(["number": "\($0)"])
      }
      var handles: [Database.Backend] = []
      let said = try await crew.run {
        handles = try await withThrowingTaskGroup(of: Database.Backend.self) { group in
          for _ in 0..<10 { group.addTask { try await database.open(server.url, settings) } }
          return try await group.reduce(into: []) { $0.append($1) }
        }
      }
      #expect(said.count == 10)
      for handle in handles {
        #expect(try await handle.load(contentsOf: (0..<10).map { series.code($0).id }).allSatisfy { $0 != nil })
        try await handle.close()
      }
      #expect(try raw.run("SELECT version FROM \(settings.tableName)_schema") == ["1"])
    }

    @Test("a newer schema is refused, and told from a table that is not ours", arguments: Database.servers)
    func newer(_ database: Database) async throws {
      let (server, settings, raw) = try await place(database)
      try await database.open(server.url, settings).close()
      try raw.run("UPDATE \(settings.tableName)_schema SET version = 99")
      let newer = try await failure { _ = try await database.open(server.url, settings) }
      #expect(newer?.code == .unsupported)
      #expect(newer?.reason.contains("schema version 99") == true)
    }

    @Test("a table of another shape under the name is refused and stays as it was", arguments: Database.servers)
    func foreign(_ database: Database) async throws {
      let (server, settings, raw) = try await place(database)
      try raw.run("CREATE TABLE \(settings.tableName) (number INT)")
      try raw.run("INSERT INTO \(settings.tableName) VALUES (7)")
      for _ in 0..<2 {
        let error = try await failure { _ = try await database.open(server.url, settings) }
        #expect(error?.code == .unsupported)
        #expect(error?.reason.contains("another table name") == true)
      }
      #expect(try raw.run("SELECT * FROM \(settings.tableName)") == ["7"])
    }

    @Test(
      "a migration that was cut short after a table was made is taken up",
      .enabled(if: ServerKind.mariadb.canBeTested, "\(ServerKind.mariadb.whatIsMissing ?? "")"))
    func cutShort() async throws {
      var (server, settings, raw) = try await place(.mariadb)
      settings.isTablePerKind = true
      let first = try await Database.mariadb.open(server.url, settings)
      try await first.store(record(1, kind: .session))
      try await first.close()
      // As it lies there when a process died between its fifth table and its last word.
      try raw.run("DELETE FROM \(settings.tableName)_schema")
      try raw.run("DROP TABLE \(settings.tableName)_client")
      let second = try await Database.mariadb.open(server.url, settings)
      #expect(try await second.load(record(1, kind: .session).id) != nil)
      try await second.store(record(2, kind: .client))
      #expect(try raw.run("SELECT version FROM \(settings.tableName)_schema") == ["1"])
      try await second.close()
    }

    @Test(
      "opening again changes nothing, and rows of version 1 are read as the records that they are",
      arguments: Database.ways)
    func versionOne(_ database: Database) async throws {
      let (server, settings, raw) = try await place(database)
      // Written by hand, as the first release wrote it.
      for statement in try schema(database, settings.tableName).split(separator: ";\n") {
        try raw.run(String(statement))
      }
      func bytes(_ text: String) -> String { database.server == .postgres ? "'\\x\(text)'::bytea" : "x'\(text)'" }
      func digest(_ byte: String) -> String { bytes(String(repeating: byte, count: 32)) }
      try raw.run(
        "INSERT INTO \(settings.tableName) (kind, digest, access_token_digest, refresh_token_digest, subject_digest, "
          + "provider_session_digest, grant_digest, revision, created_at, expires_at, payload) VALUES "
          + "('session', \(digest("01")), \(digest("02")), "
          + "NULL, \(digest("03")), NULL, \(digest("04")), -2, 1000, 99999999999999, \(bytes("00ff7f"))), "
          + "('client', \(digest("05")), NULL, NULL, NULL, NULL, NULL, 5, 1000, NULL, \(bytes("")))")

      func word(_ byte: UInt64) -> RecordDigest {
        let word = byte &* 0x0101_0101_0101_0101
        return RecordDigest(words: (word, word, word, word))
      }
      let session = Record(
        kind: .session, digest: word(1), revision: .max - 1, createdAt: Timestamp(millisecondsSinceEpoch: 1_000),
        expiresAt: Timestamp(millisecondsSinceEpoch: 99_999_999_999_999), aliases: Aliases(accessToken: word(2)),
        groups: Groups(subject: word(3), grant: word(4)), payload: [0x00, 0xFF, 0x7F])
      let client = Record(
        kind: .client, digest: word(5), revision: 5, createdAt: Timestamp(millisecondsSinceEpoch: 1_000),
        expiresAt: nil, payload: Payload([]))
      for _ in 0..<2 {
        let backend = try await database.open(server.url, settings)
        #expect(try await backend.load(.accessToken(word(2))) == session)
        #expect(try await backend.load(client.id) == client)
        try await backend.close()
      }
      #expect(try raw.run("SELECT version FROM \(settings.tableName)_schema") == ["1"])
    }
  }
}
