import AuthCache
import AuthCacheServers
import Testing

extension RealDatabases {
  /// A network that breaks between a statement and its answer.
  @Suite(.serialized, .timeLimit(.minutes(4))) struct NetworkTests {
    private struct Line {
      let backend: Database.Backend
      let proxy: TestProxy
      let raw: RawSession
      let table: String

      /// How often a row was written or removed, whatever became of it: no rollback takes a sequence back.
      func deeds() throws -> Int { try raw.next(of: table) }

      func end() async throws {
        try await backend.close()
        await proxy.end()
      }
    }

    /// A backend behind a proxy, in a table that counts what is done to its rows.
    private func line(_ database: Database) async throws -> Line {
      let server = try await SharedServer.of(database)
      let proxy = try TestProxy(before: server)
      var settings = Database.Settings()
      settings.tableName = SharedServer.tableName()
      settings.connections = 1...1
      settings.statementTimeout = .seconds(2)
      let backend = try await database.open(proxy.url, settings)
      let raw = try RawSession(database, at: server.url)
      try raw.countDeeds(on: settings.tableName)
      return Line(backend: backend, proxy: proxy, raw: raw, table: settings.tableName)
    }

    /// The first operation of its kind prepares its statement, which is not what is to be cut.
    private func warmUp(_ line: Line) async throws {
      try await line.backend.store(record(1))
      _ = try await line.backend.consume(record(1).id)
      _ = try await line.backend.load(record(1).id)
    }

    @Test(
      "a commit whose answer is lost is reported with effect unknown, and is not sent again", arguments: Database.ways)
    func cutAfter(_ database: Database) async throws {
      let line = try await line(database)
      try await warmUp(line)
      try await line.backend.store(record(2))

      let before = try line.deeds()
      await line.proxy.cutNextStatement(.afterServer)
      let error = try await failure { _ = try await line.backend.consume(record(2).id) }
      #expect(error?.code == .unavailable)
      if database != .mariadbLocked {
        // One statement is one transaction: it took place.
        #expect(error?.effect == .unknown)
        #expect(try line.deeds() - before == 2)
        #expect(try await line.backend.consume(record(2).id) == nil)
      } else {
        // The first of several statements was lost: it did not.
        #expect(error?.effect == AuthCacheError.Effect.none)
        #expect(try await line.backend.consume(record(2).id)?.digest == record(2).digest)
      }
      #expect(line.proxy.cuts == 1)
      try await line.end()
    }

    @Test(
      "of a write whose way to the server broke nobody claims to know, and it is not sent again",
      arguments: Database.servers)
    func cutBefore(_ database: Database) async throws {
      let line = try await line(database)
      try await warmUp(line)
      let before = try line.deeds()
      await line.proxy.cutNextStatement(.beforeServer)
      let error = try await failure { try await line.backend.store(record(2)) }
      #expect(error?.code == .unavailable)
      #expect(error?.effect == .unknown)
      #expect(try line.deeds() - before == 1)
      #expect(try await line.backend.load(record(2).id) == nil)
      try await line.backend.store(record(2))
      #expect(try line.deeds() - before == 3)
      try await line.end()
    }

    @Test(
      "a read whose answer is lost is asked again over a new connection: what is there is never absent",
      arguments: Database.ways, [ProxyCut.Point.afterServer, .beforeServer])
    func cutRead(_ database: Database, _ point: ProxyCut.Point) async throws {
      let line = try await line(database)
      try await warmUp(line)
      try await line.backend.store(record(2))
      await line.proxy.cutNextStatement(point)
      #expect(try await line.backend.load(record(2).id)?.digest == record(2).digest)
      #expect(line.proxy.cuts == 1)
      try await line.end()
    }

    @Test("a network that falls silent is a timeout within the deadline, never an absence", arguments: Database.servers)
    func silent(_ database: Database) async throws {
      let line = try await line(database)
      try await warmUp(line)
      try await line.backend.store(record(2))
      let start = ContinuousClock.now
      await line.proxy.stall()
      let error = try await failure { _ = try await line.backend.load(record(2).id) }
      #expect(error?.code == .timeout || error?.code == .unavailable)
      // One statement, one attempt to connect, and what a busy machine adds.
      #expect(ContinuousClock.now - start < .seconds(2 + 2 + 3))
      await line.proxy.resume()
      try await until { (try? await line.backend.load(record(2).id)) != nil }
      try await line.end()
    }

    @Test("bytes that come one at a time are put together again", arguments: Database.servers)
    func crumbs(_ database: Database) async throws {
      let line = try await line(database)
      await line.proxy.crumble()
      let payload = Payload((0..<3_000).map { UInt8(truncatingIfNeeded: $0) })
      let records = (0..<3).map { record(UInt64($0), payload: payload) }
      try await line.backend.store(contentsOf: records)
      let found = try await line.backend.load(contentsOf: records.map(\.id))
      #expect(found.map(\.?.payload) == records.map(\.payload))
      try await line.end()
    }
  }
}
