import AuthCache
import AuthCacheServers
import Testing

extension RealDatabases {
  /// What PostgreSQL is asked to notify of. Every transaction that notifies queues behind one lock of the server at its
  /// commit, so it is as little as can be, and nothing unless announcing was asked for.
  @Suite(
    .serialized, .timeLimit(.minutes(1)),
    .enabled(if: ServerKind.postgres.canBeTested, "\(ServerKind.postgres.whatIsMissing ?? "")"))
  struct NotificationTests {
    /// A session that listens to a table's channel, and one that writes there what ends a round.
    private struct Listener {
      let raw: RawSession
      let fence: RawSession
      let channel: String

      init(_ table: String, at url: String) throws {
        raw = try RawSession(.postgres, at: url)
        fence = try RawSession(.postgres, at: url)
        channel = "authcache:\(table)"
        try raw.run("LISTEN \"\(channel)\"")
      }

      /// The payloads of everything committed before.
      func heard() async throws -> [String] {
        try fence.run("SELECT pg_notify('\(channel)', 'fence')")
        var payloads: [String] = []
        try await until {
          payloads += try raw.notifications()
          return payloads.last == "fence"
        }
        return payloads.dropLast()
      }
    }

    /// Counts the statements that insert or change rows of the table.
    private func countStatements(of table: String, _ raw: RawSession) throws {
      try raw.run("CREATE SEQUENCE \(table)_q")
      try raw.run(
        "CREATE FUNCTION \(table)_c() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
          + "IF EXISTS (SELECT 1 FROM changed) THEN PERFORM nextval('\(table)_q'); END IF; RETURN NULL; END $$")
      for event in ["INSERT", "UPDATE"] {
        try raw.run(
          "CREATE TRIGGER \(table)_c_\(event.lowercased()) AFTER \(event) ON \(table) REFERENCING NEW TABLE AS changed "
            + "FOR EACH STATEMENT EXECUTE FUNCTION \(table)_c()")
      }
    }

    /// How many there were since the last time.
    private func statements(of table: String, _ raw: RawSession) throws -> Int {
      let next = try raw.next(of: table)
      try raw.run("ALTER SEQUENCE \(table)_q RESTART")
      return next - 1
    }

    @Test("a table that does not announce notifies of nothing")
    func off() async throws {
      let (server, table) = (try await SharedServer.of(.postgres), SharedServer.tableName())
      var settings = Database.Settings()
      settings.tableName = table
      let backend = try await Database.postgres.open(server.url, settings)
      let listener = try Listener(table, at: server.url)
      for number in 0..<10 as Range<UInt64> { try await backend.store(record(number)) }
      try await backend.store(contentsOf: (0..<1_000).map { record($0) })
      _ = try await backend.remove(record(1).id)
      #expect(try await listener.heard() == [])
      try await backend.close()
    }

    @Test("a batch is one notification, in as many parts as it takes to hold what must be told")
    func batches() async throws {
      let (server, table) = (try await SharedServer.of(.postgres), SharedServer.tableName())
      let backend = try await Database.postgres.announcing(server.url, table: table, connections: 1...1)
      let listener = try Listener(table, at: server.url)
      let raw = try RawSession(.postgres, at: server.url)
      try countStatements(of: table, raw)

      try await backend.store(record(1))
      #expect(try await listener.heard().count == 1)
      #expect(try statements(of: table, raw) == 1)

      try await backend.store(contentsOf: (0..<64).map { record(1_000 + $0) })
      #expect(try await listener.heard().count == 1)
      #expect(try statements(of: table, raw) == 1)

      // Some 70 KB: thirty records to each part of less than 8,000 bytes.
      let many = (0..<1_000).map { record(10_000 + $0) }
      try await backend.store(contentsOf: many)
      let parts = try await listener.heard()
      #expect(try statements(of: table, raw) == 1)
      #expect(parts.count == 34)
      #expect(parts.allSatisfy { $0.utf8.count < 8_000 })
      #expect(Set(parts.flatMap { $0.split(separator: " ") }).count == many.count)

      // More is not worth telling one by one.
      try raw.run("DELETE FROM \(table)")
      #expect(try await listener.heard() == ["gap"])
      try await backend.close()
    }

    @Test("sixty-four stores at once are merged, and each statement that comes of it notifies once")
    func merged() async throws {
      let (server, table) = (try await SharedServer.of(.postgres), SharedServer.tableName())
      let backend = try await Database.postgres.announcing(server.url, table: table, connections: 1...1)
      try await backend.store(record(1))
      let raw = try RawSession(.postgres, at: server.url)
      try countStatements(of: table, raw)
      let listener = try Listener(table, at: server.url)
      // The first waits for the table, and the others for the first.
      try raw.hold(table)
      let begun = Count()
      let stores = (0..<64 as Range<UInt64>).map { number in
        Task {
          begun.add()
          try await backend.store(record(1_000 + number))
        }
      }
      let watcher = try RawSession(.postgres, at: server.url)
      try await until { try begun.value == 64 && watcher.held(by: table) == 1 }
      for _ in 0..<50 { await Task.yield() }
      try raw.release()
      for store in stores { try await store.value }
      let heard = try await listener.heard()
      #expect(heard.count == (try statements(of: table, raw)))
      #expect(heard.count <= 8, "\(heard.count) notifications")
      #expect(heard.flatMap { $0.split(separator: " ") }.count == 64)
      try await backend.close()
    }
  }
}
