import AuthCache
import AuthCacheServers
import Testing

extension RealDatabases {
  @Suite(.serialized, .timeLimit(.minutes(2))) struct SlowOperationTests {
    private let log = WatchedLog()
    private let slow = "slow database operation"

    private func settings() -> Database.Settings {
      var settings = Database.Settings()
      settings.tableName = SharedServer.tableName()
      settings.connections = 1...1
      settings.slowOperation = .milliseconds(100)
      settings.logger = log.logger
      return settings
    }

    /// How long each of the slow took, as the lines say.
    private var milliseconds: [Int] {
      log.text.split(separator: "\n").filter { $0.contains(slow) }.map { line in
        let number = line.firstRange(of: "\"milliseconds\": ").map { line[$0.upperBound...].prefix(while: \.isNumber) }
        return number.flatMap { Int($0) } ?? -1
      }
    }

    @Test("what waits for a row is logged once, with its time and without its values", arguments: Database.ways)
    func held(_ database: Database) async throws {
      let server = try await SharedServer.of(database)
      let settings = settings()
      let backend = try await database.open(server.url, settings)
      let held = record(1, aliases: Aliases(accessToken: digest(0xABCD_EF01)), payload: Payload(Array("PAYLOAD".utf8)))
      try await backend.store(held)
      #expect(log.count(of: slow) == 0)
      let raw = try RawSession(database, at: server.url)
      try raw.run("BEGIN")
      try raw.lock(held, in: settings.tableName)
      let start = ContinuousClock.now
      let consumed = Task { try await backend.consume(held.id) }
      try await until { ContinuousClock.now - start > .milliseconds(300) }
      try raw.run("ROLLBACK")
      #expect(try await consumed.value == held)
      try await until { log.count(of: slow) > 0 }
      let whole = Int((ContinuousClock.now - start) / .milliseconds(1))
      #expect(log.count(of: slow) == 1)
      #expect(milliseconds.allSatisfy { $0 >= 100 && $0 <= whole + 10 }, "\(milliseconds) of \(whole)")
      #expect(log.count(of: "consume") == 1)
      for value in ["PAYLOAD", "abcdef01", "ABCDEF01", "5041594c4f4144"] { #expect(!log.text.contains(value)) }
      try await backend.close()
    }

    @Test("what ends at the time limit of statements is logged, a read and a write", arguments: Database.servers)
    func endless(_ database: Database) async throws {
      let server = try await SharedServer.of(database)
      let proxy = try TestProxy(before: server)
      var settings = settings()
      settings.statementTimeout = .milliseconds(400)
      settings.connectTimeout = .milliseconds(400)
      let backend = try await database.open(proxy.url, settings)
      try await backend.store(record(1))
      await proxy.stall()
      let read = try await failure { _ = try await backend.load(record(1).id) }
      #expect(read != nil)
      #expect(log.count(of: slow) == 1, "\(log.text)")
      #expect(log.count(of: "load") == 1)
      await proxy.resume()
      try await until { (try? await backend.load(record(1).id)) != nil }
      let before = milliseconds.count

      await proxy.stall()
      let written = try await failure { try await backend.store(record(2)) }
      #expect(written != nil)
      try await until { milliseconds.count == before + 1 }
      #expect(log.count(of: "store") == 1)
      await proxy.resume()
      try await until { (try? await backend.load(record(1).id)) != nil }

      // And so are those that went together.
      await proxy.stall()
      let crowd = (0..<8).map { number in
        Task { try await failure { _ = try await backend.load(record(UInt64(number)).id) } }
      }
      for task in crowd { #expect(try await task.value != nil) }
      #expect(milliseconds.count > before + 1)
      #expect(milliseconds.allSatisfy { $0 >= 100 && $0 < 10_000 }, "\(milliseconds)")
      await proxy.resume()
      try await backend.close()
      await proxy.end()
    }
  }
}
