import AuthCache
import AuthCacheMySQL
import AuthCachePostgres
import AuthCacheServers
import Testing

extension RealDatabases {
  /// How many connections are opened, and when, with the settings that nobody has touched.
  @Suite(.serialized, .timeLimit(.minutes(2))) struct ConnectionTests {
    private func open(_ database: Database, _ url: String, _ table: String) async throws -> any BulkBackend {
      if database == .postgres {
        var configuration = try PostgresBackend.Configuration(url: url)
        #expect((configuration.minConnections, configuration.maxConnections) == (5, 20))
        #expect(configuration.acquireTimeout == .seconds(30))
        configuration.tableName = table
        return try await PostgresBackend(configuration: configuration)
      }
      var configuration = try MySQLBackend.Configuration(url: url)
      #expect((configuration.minConnections, configuration.maxConnections) == (5, 20))
      #expect(configuration.acquireTimeout == .seconds(30))
      configuration.tableName = table
      return try await MySQLBackend(configuration: configuration)
    }

    @Test(
      "one after the other takes few connections; where the others do not keep up there are more, and at most twenty",
      arguments: Database.servers)
    func onDemand(_ database: Database) async throws {
      let server = try await SharedServer.of(database)
      let proxy = try TestProxy(before: server)
      let table = SharedServer.tableName()
      // To ask for TLS first would take a second connection each time.
      let backend = try await open(database, proxy.url + "?sslmode=disable", table)
      for number in 0..<100 {
        try await backend.store(record(UInt64(number)))
        _ = try await backend.load(record(UInt64(number)).id)
      }
      #expect(proxy.accepted < 5, "at rest")

      try RawSession(database, at: server.url).slowDown(table)
      try await withThrowingDiscardingTaskGroup { group in
        for task in 0..<64 {
          // So many that each is a batch of its own.
          let records = (0..<16).map { record(UInt64(1_000 + task * 16 + $0)) }
          group.addTask { try await backend.store(contentsOf: records) }
        }
      }
      #expect((6...20).contains(proxy.accepted), "\(proxy.accepted)")
      try await backend.close()
      await proxy.end()
    }

    @Test(
      "while nobody lets them in, 64 tasks make few attempts to connect, unevenly, and all are served again",
      arguments: Database.servers)
    func backoff(_ database: Database) async throws {
      // The one counts attempts, the other refuses them.
      let inner = try TestProxy(before: try await SharedServer.of(database))
      let outer = try TestProxy(to: inner.endpoint, at: .tcp(0)) {
        guard case .tcp(let port) = $0, case .tcp(let other) = inner.endpoint else { return "" }
        return inner.url.replacing(":\(other)/", with: ":\(port)/")
      }
      let backend = try await open(database, outer.url + "?sslmode=disable", SharedServer.tableName())
      try await backend.store(record(1))
      let (failed, isOver) = (Count(), Count())
      try await withThrowingDiscardingTaskGroup { group in
        for _ in 0..<64 {
          group.addTask {
            while isOver.value == 0 {
              if try await failure(of: { _ = try await backend.load(record(1).id) }) != nil { failed.add() }
            }
          }
        }
        await inner.refuse()
        await outer.resetAll()
        let (start, known) = (ContinuousClock.now, outer.accepted)
        try await until { ContinuousClock.now - start > .seconds(3) }
        let attempts = outer.arrivals.dropFirst(known).filter { $0 > start }
        #expect(failed.value > 0)
        #expect((3...40).contains(attempts.count), "\(attempts.count)")
        let gaps = zip(attempts, attempts.dropFirst()).map { $1 - $0 }
        // Pauses that double and nothing else would be these.
        let ideal = (0..<5).map { Duration.milliseconds(50 << $0) } + [.seconds(1)]
        let uneven = gaps.filter { gap in !ideal.contains { abs(gap / $0 - 1) < 0.02 } }
        #expect(!uneven.isEmpty, "\(gaps)")
        await inner.accept()
        try await until { try await failure { _ = try await backend.load(record(1).id) } == nil }
        #expect(ContinuousClock.now - start < .seconds(3 + 5))
        isOver.add()
      }
      try await backend.close()
      await outer.end()
      await inner.end()
    }
  }
}
