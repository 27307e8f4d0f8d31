import AuthCache
import AuthCacheServers
import Testing

extension RealDatabases {
  /// Transactions that lose against others.
  @Suite(.serialized, .timeLimit(.minutes(4))) struct ContentionTests {
    @Test("the victim of a deadlock is repeated, and the caller sees nothing of it", arguments: Database.ways)
    func deadlock(_ database: Database) async throws {
      let server = try await SharedServer.of(database)
      var settings = Database.Settings()
      settings.tableName = SharedServer.tableName()
      settings.connections = 1...1
      settings.statementTimeout = .seconds(8)
      let backend = try await database.open(server.url, settings)
      try await backend.store(contentsOf: [record(1), record(2)])

      let (rival, watcher) = (try RawSession(database, at: server.url), try RawSession(database, at: server.url))
      let before = try watcher.deadlocks()
      try rival.loseNoDeadlock(settings.tableName)
      try rival.run("BEGIN")
      try rival.makeWeight(settings.tableName)
      try rival.lock(record(2), in: settings.tableName)
      // Locks the first and waits for the second.
      let both = Task { try await backend.remove(contentsOf: [record(1).id, record(2).id]) }
      try await until { try watcher.somebodyWaits() }
      try rival.lock(record(1), in: settings.tableName)
      try rival.run("COMMIT")
      #expect(try await both.value == [true, true])
      // PostgreSQL counts at the latest when a connection ends.
      try await backend.close()
      try await until { try watcher.deadlocks() > before }
    }

    @Test("a transaction that can't be serialized is repeated until it can", arguments: Database.ways)
    func serialization(_ database: Database) async throws {
      let server = try await SharedServer.of(database)
      var settings = Database.Settings()
      settings.tableName = SharedServer.tableName()
      let backend = try await database.open(server.url, settings)
      try await backend.store(record(1))
      let raw = try RawSession(database, at: server.url)
      try raw.failDeletes(on: settings.tableName, times: 3)
      #expect(try await backend.consume(record(1).id)?.digest == record(1).digest)
      // Three that failed and the one that did not.
      #expect(try raw.next(of: settings.tableName) == 5)
      try await backend.close()
    }

    @Test("one that always loses ends in conflict with effect none, and its record is there", arguments: Database.ways)
    func spent(_ database: Database) async throws {
      let server = try await SharedServer.of(database)
      var settings = Database.Settings()
      settings.tableName = SharedServer.tableName()
      let backend = try await database.open(server.url, settings)
      try await backend.store(record(1))
      let raw = try RawSession(database, at: server.url)
      try raw.failDeletes(on: settings.tableName, times: 1_000)
      let error = try await failure { _ = try await backend.consume(record(1).id) }
      #expect(error?.code == .conflict)
      #expect(error?.effect == AuthCacheError.Effect.none)
      #expect(try (5...20).contains(raw.next(of: settings.tableName)))
      #expect(try await backend.load(record(1).id) != nil)
      // It fails alone.
      try await backend.store(record(2))
      try await backend.close()
    }

    @Test("two sweepers and thirty-two writers for ten seconds: no deadlock reaches a caller", arguments: Database.ways)
    func sweepers(_ database: Database) async throws {
      let server = try await SharedServer.of(database)
      var settings = Database.Settings()
      settings.tableName = SharedServer.tableName()
      let handles = [try await database.open(server.url, settings), try await database.open(server.url, settings)]
      let (writing, written) = (Count(), Count())
      let clock: any AuthCacheClock = .system
      let end = ContinuousClock.now + .seconds(10)
      let errors = try await withThrowingTaskGroup(of: AuthCacheError?.self) { group in
        for writer in 0..<32 {
          let backend = handles[writer % 2]
          group.addTask {
            defer { writing.add() }
            return try await failure { try await Self.write(UInt64(writer), on: backend, until: end, written) }
          }
        }
        for handle in handles {
          group.addTask {
            try await failure {
              while writing.value < 32 {
                _ = try await handle.removeExpired(through: clock.now, limit: 500)
              }
            }
          }
        }
        return try await group.reduce(into: [AuthCacheError]()) { if let error = $1 { $0.append(error) } }
      }
      #expect(errors.isEmpty, "\(errors.prefix(3).map(\.debugDescription))")
      #expect(written.value >= 32, "everybody got on")
      for handle in handles { try await handle.close() }
    }

    /// Everything that writes, on records that others write too and of which half have expired.
    private static func write(
      _ writer: UInt64, on backend: Database.Backend, until end: ContinuousClock.Instant, _ written: Count
    ) async throws {
      var random = SeededGenerator(seed: writer &* 0xD134_2543_DE82_EF95)
      while ContinuousClock.now < end {
        written.add()
        let number = random.next() % 60
        let life: Duration = random.next() % 2 == 0 ? .milliseconds(-50) : .seconds(600)
        let next = record(
          number, kind: .session, revision: random.next(), life: life,
          aliases: Aliases(accessToken: digest(1_000 + number)),
          groups: Groups(subject: digest(number % 5)))
        switch random.next() % 9 {
        case 0, 1: try await backend.store(next)
        case 2: _ = try await backend.insert(next)
        case 3: _ = try await backend.consume(next.id)
        case 4: _ = try await backend.consume(.accessToken(digest(1_000 + number)))
        case 5: _ = try await backend.extend(next.id, to: next.createdAt + .seconds(900))
        case 6: _ = try await backend.removeAll(in: .subject(digest(number % 5)))
        case 7:
          // In whatever order, as callers do.
          let others = (0..<4).map { _ in random.next() % 60 }
          try await backend.store(
            contentsOf: others.map {
              record(
                $0, kind: .session, revision: writer, life: life, aliases: Aliases(accessToken: digest(1_000 + $0)))
            })
        default:
          _ = try await backend.remove(
            contentsOf: (0..<3).map { _ in record(random.next() % 60, kind: .session).id })
        }
      }
    }
  }
}
