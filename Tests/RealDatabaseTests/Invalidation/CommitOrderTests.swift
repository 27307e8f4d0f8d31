import AuthCache
import AuthCacheServers
import Testing

extension RealDatabases {
  /// Numbers of the log that are drawn in one order and committed in another.
  @Suite(
    .serialized, .timeLimit(.minutes(1)),
    .enabled(if: ServerKind.mariadb.canBeTested, "\(ServerKind.mariadb.whatIsMissing ?? "")"))
  struct CommitOrderTests {
    private let row =
      "(kind, digest, revision, created_at, expires_at, payload) VALUES ('code', x'%', 1, 1, 99999999999999, x'00')"

    private func insert(_ byte: String, into table: String) -> String {
      "INSERT INTO \(table) " + row.replacing("%", with: String(repeating: byte, count: 32))
    }

    private func lookup(_ byte: UInt64) -> Invalidation {
      let word = byte &* 0x0101_0101_0101_0101
      return .record(.id(.code, RecordDigest(words: (word, word, word, word))))
    }

    @Test("a change that is committed after later ones is announced, however late")
    func late() async throws {
      let (server, table) = (try await SharedServer.of(.mariadb), SharedServer.tableName())
      let backend = try await Database.mariadb.announcing(server.url, table: table)
      let slow = try RawSession(.mariadb, at: server.url)
      // Before anybody listens, and after.
      try slow.run("START TRANSACTION")
      try slow.run(insert("01", into: table))
      try await backend.store(record(1))
      let ear = try await Ear(backend)
      let slower = try RawSession(.mariadb, at: server.url)
      try slower.run("START TRANSACTION")
      try slower.run(insert("02", into: table))
      for number in 2..<40 {
        try await backend.store(record(UInt64(number)))
        try await until { ear.hears(.record(record(UInt64(number)).id)) }
      }
      #expect(!ear.hears(lookup(1)) && !ear.hears(lookup(2)))
      try slow.run("COMMIT")
      try await until { ear.hears(lookup(1)) }
      try slower.run("COMMIT")
      try await until { ear.hears(lookup(2)) }
      #expect(!ear.hears(.gap))
      try await backend.close()
    }

    @Test("numbers of transactions that were undone are not waited for, and are no gap")
    func undone() async throws {
      let (server, table) = (try await SharedServer.of(.mariadb), SharedServer.tableName())
      let backend = try await Database.mariadb.announcing(server.url, table: table)
      let ear = try await Ear(backend)
      let raw = try RawSession(.mariadb, at: server.url)
      for number in 0..<20 {
        try raw.run("START TRANSACTION")
        try raw.run(insert("03", into: table))
        try raw.run("ROLLBACK")
        try await backend.store(record(UInt64(number)))
        try await until { ear.hears(.record(record(UInt64(number)).id)) }
      }
      #expect(!ear.hears(.gap) && !ear.hears(lookup(3)))
      try await backend.close()
    }

    @Test("thousands of changes over several connections at once are all announced")
    func crowd() async throws {
      let (server, table) = (try await SharedServer.of(.mariadb), SharedServer.tableName())
      let backend = try await Database.mariadb.announcing(server.url, table: table, connections: 8...8)
      let ear = try await Ear(backend)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for task in 0..<64 as Range<UInt64> {
          group.addTask {
            for number in 0..<40 { try await backend.store(record(task * 1_000 + UInt64(number))) }
          }
        }
        try await group.waitForAll()
      }
      for task in 0..<64 as Range<UInt64> {
        for number in 0..<40 as Range<UInt64> {
          try await until { ear.hears(.record(record(task * 1_000 + number).id)) }
        }
      }
      #expect(!ear.hears(.gap))
      try await backend.close()
    }

    @Test("whoever falls behind what is kept of the log hears a gap, and then what follows")
    func behind() async throws {
      let (server, table) = (try await SharedServer.of(.mariadb), SharedServer.tableName())
      let backend = try await Database.mariadb.announcing(server.url, table: table)
      let ear = try await Ear(backend)
      let raw = try RawSession(.mariadb, at: server.url)
      try raw.run(
        "INSERT INTO \(table)_changes (id, kind, digest) SELECT 100000 + seq, 'code', x'\(String(repeating: "05", count: 32))' "
          + "FROM seq_1_to_10")
      try await until { ear.hears(.gap) }
      try await backend.store(record(5))
      try await until { ear.hears(.record(record(5).id)) }
      try await backend.close()
    }
  }
}
