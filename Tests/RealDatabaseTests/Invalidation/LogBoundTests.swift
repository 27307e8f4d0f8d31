import AuthCache
import AuthCacheServers
import Testing

extension RealDatabases {
  /// MariaDB's log of changes. SQLite's is tested with that backend.
  @Suite(
    .serialized, .timeLimit(.minutes(1)),
    .enabled(if: ServerKind.mariadb.canBeTested, "\(ServerKind.mariadb.whatIsMissing ?? "")"))
  struct LogBoundTests {
    @Test(
      "the log stays within its bound, whoever keeps it short: one who listens, or one who sweeps",
      arguments: [true, false])
    func bounded(isListening: Bool) async throws {
      let (server, table) = (try await SharedServer.of(.mariadb), SharedServer.tableName())
      let backend = try await Database.mariadb.announcing(server.url, table: table)
      let raw = try RawSession(.mariadb, at: server.url)
      func rows() throws -> Int { Int(try raw.run("SELECT count(*) FROM \(table)_changes").first ?? "") ?? 0 }
      try raw.run(
        "INSERT INTO \(table)_changes (kind, digest) SELECT 'code', x'\(String(repeating: "05", count: 32))' "
          + "FROM seq_1_to_65000")
      let ear = isListening ? try await Ear(backend) : nil
      for round in 1...4 as ClosedRange<UInt64> {
        try await backend.store(contentsOf: (0..<1_000).map { record(round * 10_000 + $0) })
      }
      let last = record(50_000)
      try await backend.store(last)
      if let ear {
        try await until { ear.hears(.record(last.id)) }
        // It is cut each time a thousand more have been read.
        try await until { try rows() <= 65_536 + 1_024 }
      } else {
        #expect(try rows() > 69_000)
        _ = try await backend.removeExpired(through: SystemClock().now, limit: 10)
        #expect(try rows() <= 65_536)
      }
      // Nothing that was not read is gone: what comes is heard.
      try await backend.store(record(60_000))
      if let ear {
        try await until { ear.hears(.record(record(60_000).id)) }
        #expect(!ear.hears(.gap))
      }
      try await backend.close()
    }
  }
}
