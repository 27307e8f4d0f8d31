import AuthCache
import AuthCacheConformance
import AuthCacheServers
import Testing

extension RealDatabases {
  @Suite(.serialized, .timeLimit(.minutes(4))) struct CodesTests {
    @Test(
      "four processes with two handles and four tasks each consume the same codes: each is won exactly once",
      arguments: Database.ways)
    func wonOnce(_ database: Database) async throws {
      let server = try await SharedServer.of(database)
      var settings = Database.Settings()
      settings.tableName = SharedServer.tableName()
      let backend = try await database.open(server.url, settings)
      let clock: any AuthCacheClock = .system
      let series = RecordSeries(seed: 7, start: clock.now, aliases: true)
      let count = 10_000
      try await backend.store(contentsOf: (0..<count).map(series.code))
      let crew = try Crew(4, "codes.consume", database, on: server, table: settings.tableName) { _ in
        // The first ones singly, each by all at one instant; the others as they come where many log in.
        series.arguments(["count": "\(count)", "tasks": "4", "handles": "2", "alone": "1000"])
      }
      var winners: [Int: Int] = [:]
      for line in try await crew.run() {
        let words = line.split(separator: " ")
        #expect(words.first == "won", "what is won is what was stored")
        if let number = words.last.flatMap({ Int($0) }) { winners[number, default: 0] += 1 }
      }
      let wrong = (0..<count).filter { winners[$0] != 1 }
      #expect(wrong.isEmpty, "\(wrong.prefix(5).map { "code \($0) was won \(winners[$0] ?? 0) times" })")
      try await backend.close()
    }

    @Test(
      "a cancelled task gives its connection back and fails nobody else, also where there is only one",
      arguments: Database.ways)
    func cancelled(_ database: Database) async throws {
      let server = try await SharedServer.of(database)
      var settings = Database.Settings()
      settings.tableName = SharedServer.tableName()
      settings.connections = 1...1
      let backend = try await database.open(server.url, settings)
      try await backend.store(record(1))
      let (raw, watcher) = (try RawSession(database, at: server.url), try RawSession(database, at: server.url))
      for round in UInt64(1)...3 {
        try raw.run("BEGIN")
        try raw.lock(record(1), in: settings.tableName)
        let stuck = Task { try await backend.store(record(1)) }
        try await until { try watcher.somebodyWaits() }
        let waiting = (0..<100).map { number in Task { try await backend.store(record(round * 1_000 + number)) } }
        // Cancelled on the server, in the queue, and before it got there.
        stuck.cancel()
        for (number, task) in waiting.enumerated() where number % 2 == 0 { task.cancel() }
        try raw.run("COMMIT")
        for (number, task) in waiting.enumerated() {
          let found = await task.result
          let isThere = try await backend.load(record(round * 1_000 + UInt64(number)).id) != nil
          switch found {
          case .success: #expect(isThere)
          case .failure(let error):
            #expect(number % 2 == 0, "\(error)")
            #expect((error as? AuthCacheError)?.code == .cancelled)
            #expect(!isThere)
          }
        }
        // What had begun runs to its end.
        try await stuck.value
      }
      try await backend.close()
    }
  }
}
