import AuthCache
import AuthCacheServers
import Foundation
import Testing

extension RealDatabases {
  /// More is asked than there are connections for.
  @Suite(.serialized, .timeLimit(.minutes(4))) struct PoolTests {
    private struct Ending {
      let began: ContinuousClock.Instant
      let error: AuthCacheError?
      let took: Duration
      let writes: Bool

      /// Whether it was never taken up.
      var waitedInVain: Bool { error?.reason.hasPrefix("no connection was free") == true }
    }

    @Test(
      "10,000 tasks before a silent server: all are told in time, memory is bounded, exhaustion is logged once a time",
      arguments: Database.servers)
    func exhausted(_ database: Database) async throws {
      let server = try await SharedServer.of(database)
      let proxy = try TestProxy(before: server)
      let log = WatchedLog()
      var settings = Database.Settings()
      settings.tableName = SharedServer.tableName()
      settings.connections = 2...2
      settings.connectTimeout = .seconds(1)
      settings.statementTimeout = .seconds(2)
      settings.acquireTimeout = .seconds(1)
      settings.logger = log.logger
      let backend = try await database.open(proxy.url, settings)
      try await backend.store(record(1))
      try await bothConnections(backend, proxy)

      for _ in 1...2 {
        await proxy.stall()
        let told = log.count(of: "all database connections are busy")
        let before = Self.residentBytes
        let (endings, during) = try await crowd(of: 10_000, on: backend)
        #expect(endings.allSatisfy { $0.error != nil }, "nobody is told that a record is absent")
        #expect(Set(endings.compactMap(\.error?.code)).isSubset(of: [.timeout, .unavailable]))
        #expect(endings.allSatisfy { $0.took < .seconds(1 + 2 * (1 + 2) + 4) })
        #expect((during - before) / 10_000 < 8_192, "bytes for each task that waits: \((during - before) / 10_000)")
        let newly = log.count(of: "all database connections are busy") - told
        // Who comes when the first have given up finds the pool at rest.
        let (first, last) = (try #require(endings.map(\.began).min()), try #require(endings.map(\.began).max()))
        #expect(newly == 1 || (newly > 1 && last - first > .seconds(1)), "\(newly)")

        let waited = endings.filter(\.waitedInVain)
        #expect(waited.count > 8_000)
        #expect(waited.allSatisfy { $0.error?.code == .timeout && $0.error?.effect == AuthCacheError.Effect.none })
        #expect(waited.allSatisfy { $0.took >= .seconds(1) })
        // A read that was taken up waits once more when its connection has proved silent.
        let late = waited.filter { $0.took > .seconds(1 + 2) }
        #expect(late.allSatisfy { !$0.writes } && late.count < 2_000, "\(late.count)")

        await proxy.resume()
        await proxy.resetAll()
        try await until { (try? await backend.load(record(1).id)) != nil }
        try await bothConnections(backend, proxy)
        try await useBoth(database, server, backend, settings.tableName)
      }
      try await backend.close()
      await proxy.end()
    }

    /// Lets so many tasks load or store at once: what became of them, and how much memory they took while they waited.
    private func crowd(of count: Int, on backend: Database.Backend) async throws -> ([Ending], memory: Int) {
      try await withThrowingTaskGroup(of: Ending.self) { group in
        for number in 0..<count {
          group.addTask {
            let writes = number % 2 == 0
            let start = ContinuousClock.now
            let error = try await failure {
              if writes {
                try await backend.store(record(UInt64(number)))
              } else {
                _ = try await backend.load(record(UInt64(number)).id)
              }
            }
            return Ending(began: start, error: error, took: ContinuousClock.now - start, writes: writes)
          }
          // Who comes later sees that the others wait.
          if number % 1_000 == 999 { try await Task.sleep(for: .milliseconds(20)) }
        }
        let memory = Self.residentBytes
        return (try await group.reduce(into: []) { $0.append($1) }, memory)
      }
    }

    /// One connection is held up, and all that is asked goes over the other.
    private func useBoth(
      _ database: Database, _ server: ThrowawayServer, _ backend: Database.Backend, _ table: String
    ) async throws {
      let (raw, watcher) = (try RawSession(database, at: server.url), try RawSession(database, at: server.url))
      try raw.run("BEGIN")
      try raw.lock(record(1), in: table)
      let stuck = Task { try await backend.store(record(1)) }
      try await until { try watcher.somebodyWaits() }
      try await withThrowingDiscardingTaskGroup { group in
        for task in 0..<50 {
          group.addTask { for _ in 0..<20 { _ = try await backend.load(record(UInt64(task)).id) } }
        }
      }
      try raw.run("COMMIT")
      try await stuck.value
    }

    @Test("a single connection that does not keep up is told of too, once a time", arguments: Database.servers)
    func single(_ database: Database) async throws {
      let log = WatchedLog()
      var settings = Database.Settings()
      settings.tableName = SharedServer.tableName()
      settings.connections = 1...1
      settings.logger = log.logger
      let server = try await SharedServer.of(database)
      let backend = try await database.open(server.url, settings)
      let raw = try RawSession(database, at: server.url)
      for _ in 1...20 {
        let told = log.count(of: "all database connections are busy")
        try raw.hold(settings.tableName)
        var tasks: [Task<Record?, any Error>] = []
        func ask() { tasks.append(Task { try await backend.load(record(1).id) }) }
        try await until {
          ask()
          return log.count(of: "all database connections are busy") > told
        }
        for _ in 0..<10 { ask() }
        for _ in 0..<10 { await Task.yield() }
        #expect(log.count(of: "all database connections are busy") == told + 1)
        try raw.release()
        for task in tasks { #expect(try await task.value == nil) }
        // It has to have come to rest before the next time.
        for _ in 0..<20 { _ = try await backend.load(record(1).id) }
      }
      try await backend.close()
    }

    /// Has both connections opened: a second one is when requests wait although the first is at work.
    private func bothConnections(_ backend: Database.Backend, _ proxy: TestProxy) async throws {
      let goal = proxy.accepted + 1
      for _ in 0..<200 where proxy.accepted < goal {
        await withTaskGroup(of: Void.self) { group in
          for _ in 0..<64 { group.addTask { _ = try? await backend.load(record(1).id) } }
        }
      }
    }

    @Test("one request more than may wait is refused at once, and the others are served", arguments: Database.servers)
    func queueLimit(_ database: Database) async throws {
      let server = try await SharedServer.of(database)
      var settings = Database.Settings()
      settings.tableName = SharedServer.tableName()
      settings.connections = 1...1
      settings.queueLimit = 50
      let backend = try await database.open(server.url, settings)
      try await backend.store(record(1))
      let raw = try RawSession(database, at: server.url)
      try raw.run("BEGIN")
      try raw.run("SELECT 1 FROM \(settings.tableName) FOR UPDATE")
      let first = Task { try await backend.store(record(1)) }
      try await until { try RawSession(database, at: server.url).somebodyWaits() }

      let errors = try await withThrowingTaskGroup(of: AuthCacheError?.self) { group in
        for number in 2...200 {
          group.addTask { try await failure { try await backend.store(record(UInt64(number))) } }
        }
        var errors: [AuthCacheError] = []
        var served = 0
        for try await error in group {
          if let error { errors.append(error) } else { served += 1 }
          // Those beyond the limit are answered while the others still wait.
          if errors.count == 149 { try raw.run("COMMIT") }
        }
        #expect(served == 50)
        return errors
      }
      #expect(errors.count == 149)
      #expect(errors.allSatisfy { $0.code == .unavailable && $0.effect == .none })
      try await first.value
      try await backend.close()
    }

    @Test(
      "a server without a free connection is named so; with a few it serves sixty-four tasks",
      arguments: Database.servers)
    func maxConnections(_ database: Database) async throws {
      var options = ServerOptions(isDurable: false, settings: ["max_connections": "12"])
      if database.server == .postgres { options.settings["superuser_reserved_connections"] = "0" }
      let server = try await ThrowawayServer.start(database.server, options)
      var taken: [RawSession] = []
      while let session = try? RawSession(database, at: server.url) { taken.append(session) }
      #expect(taken.count >= 12)
      let error = try await failure { _ = try await database.open(server.url) }
      #expect(error?.code == .unavailable)
      #expect(error?.reason.contains("no connection left") == true)

      taken.removeLast(3)
      var settings = Database.Settings()
      settings.connections = 2...20
      // The server takes a moment to notice that three have gone.
      var opened: Database.Backend?
      try await until {
        opened = try? await database.open(server.url, settings)
        return opened != nil
      }
      let backend = try #require(opened)
      let load = Load(on: backend)
      try await load.run(tasks: 64) { try await load.progress(2_000) }
      load.tally.expectHonest(within: .seconds(20))
      #expect(load.tally.failures.isEmpty)
      try await backend.close()
      await server.end()
    }

    /// What of this process lies in memory.
    private static var residentBytes: Int {
      let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
      return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * 4_096
    }
  }
}
