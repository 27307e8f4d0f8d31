import AuthCache
import AuthCacheConformance
import AuthCacheServers
import Testing

extension RealDatabases {
  @Suite(.serialized, .timeLimit(.minutes(4))) struct HistoryTests {
    @Test(
      "while connections are killed under 32 tasks on two handles, some order of the operations explains every answer",
      arguments: Database.ways)
    func killed(_ database: Database) async throws {
      let server = try await SharedServer.durable(database)
      var settings = Database.Settings()
      settings.tableName = SharedServer.tableName()
      let handles = [try await database.open(server.url, settings), try await database.open(server.url, settings)]
      let raw = try RawSession(database, at: server.url)
      let count = Count()
      let recorder = HistoryRecorder(clock: .system, slack: .milliseconds(10))
      try await withThrowingDiscardingTaskGroup { group in
        for task in 0..<32 {
          let backend = handles[task % 2].intercepted(by: recorder.interceptor(for: "task \(task)"))
          group.addTask { await Self.work(UInt64(task), on: backend, counting: count) }
        }
        for round in 1...4 {
          try await until { count.value >= round * 150 }
          try raw.killOthers()
        }
      }
      let operations = recorder.history.operations
      #expect(operations.contains { $0.answer == .unknown || $0.answer == .notApplied })
      try recorder.history.check().requireLinearizable(overlapping: 100)
      for handle in handles { try await handle.close() }
    }

    /// Random operations on a few records that everybody works on.
    private static func work(_ task: UInt64, on backend: any AuthCacheBackend, counting count: Count) async {
      var random = SeededGenerator(seed: task &* 0xD134_2543_DE82_EF95)
      for _ in 0..<40 {
        let number = random.next() % 24
        let next = record(number, kind: .session, revision: random.next())
        // What fails stands in the history with its effect.
        do {
          switch random.next() % 8 {
          case 0: try await backend.store(next)
          case 1, 2: _ = try await backend.insert(next)
          case 3, 4: _ = try await backend.consume(next.id)
          case 5: _ = try await backend.remove(next.id)
          default: _ = try await backend.load(next.id)
          }
        } catch {}
        count.add()
      }
    }
  }
}
