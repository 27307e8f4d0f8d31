import AuthCache
import AuthCacheServers
import Testing

extension RealDatabases {
  /// Under load from 64 tasks: whatever happens to the server or on the way to it, what it acknowledged is there, what
  /// it refused is not, histories are linearizable, nobody waits beyond the deadlines, and service resumes by itself.
  @Suite(.serialized, .timeLimit(.minutes(4))) struct OutageTests {
    private static let tasks = 64

    private var settings: Database.Settings {
      var settings = Database.Settings()
      settings.connectTimeout = .seconds(1)
      settings.statementTimeout = .seconds(1)
      settings.acquireTimeout = .seconds(3)
      return settings
    }

    /// Waiting for a turn, connecting and one statement, each to its limit; a read may take two connections; and a
    /// busy machine takes time to notice.
    private let deadline = Duration.seconds(3 + 2 * (1 + 2) + 2)

    private func hurt(
      _ database: Database, through proxy: TestProxy? = nil, _ body: (ThrowawayServer, Load) async throws -> Void
    ) async throws -> Load.Tally {
      let server = try await SharedServer.durable(database)
      var settings = settings
      settings.tableName = SharedServer.tableName()
      let url = proxy?.url ?? server.url
      let handles = [try await database.open(url, settings), try await database.open(url, settings)]
      let (load, contenders) = (Load(on: handles[0]), Contenders())
      try await contenders.run(tasks: 16, on: handles) {
        try await hurt(server, load, body)
      }
      for handle in handles { try await handle.close() }
      load.tally.expectHonest(within: deadline)
      try contenders.expectLinearizable()
      return load.tally
    }

    private func hurt(
      _ server: ThrowawayServer, _ load: Load, _ body: (ThrowawayServer, Load) async throws -> Void
    ) async throws {
      try await load.run(tasks: Self.tasks) {
        try await load.progress(200)
        try await body(server, load)
        // The server is back: nobody has to be told.
        let back = ContinuousClock.now
        try await load.progress(1)
        #expect(ContinuousClock.now - back < .seconds(5))
        // What began before may still be waiting to be told.
        if let last = try await load.health(10 * Self.tasks) { #expect(last - back < .seconds(5)) }
      }
    }

    @Test(
      "the server kills every connection again and again: nothing acknowledged is lost, nothing refused happened",
      arguments: Database.ways)
    func killed(_ database: Database) async throws {
      let tally = try await hurt(database) { server, load in
        let raw = try RawSession(database, at: server.url)
        for _ in 0..<12 {
          try await until { try raw.killOthers() > 0 }
          try await load.progress(50)
        }
      }
      // A connection that is killed while it commits leaves a doubt, and says so.
      #expect(!tally.failures.isEmpty)
    }

    @Test("the server is restarted: service resumes by itself within five seconds", arguments: Database.ways)
    func restarted(_ database: Database) async throws {
      let tally = try await hurt(database) { server, load in
        try await server.stop()
        try await load.trouble(64)
        try await server.start()
      }
      #expect(tally.failures.count >= 64)
    }

    @Test("the server is killed with SIGKILL and recovers: what it acknowledged is there", arguments: Database.ways)
    func crashed(_ database: Database) async throws {
      let tally = try await hurt(database) { server, load in
        try await server.kill()
        try await load.trouble(64)
        try await server.start()
      }
      #expect(tally.failures.count >= 64)
    }

    @Test(
      "the server stands still for longer than the deadlines: everybody is told in time, and it goes on by itself",
      arguments: Database.ways)
    func frozen(_ database: Database) async throws {
      let tally = try await hurt(database) { server, load in
        try await server.freeze()
        // Every task has waited to the end of some deadline.
        try await load.trouble(64)
        try await server.thaw()
      }
      #expect(tally.failures.count >= 64)
    }

    @Test(
      "the network is cut between statements and their answers, again and again: a doubt is called one",
      arguments: Database.ways)
    func cut(_ database: Database) async throws {
      let proxy = try TestProxy(before: try await SharedServer.durable(database))
      let tally = try await hurt(database, through: proxy) { _, load in
        for round in 0..<16 {
          // Of the statements of a transaction only the last leaves a doubt.
          let text = database == .postgres || round % 2 == 0 ? nil : "COMMIT"
          await proxy.cutNextStatement(round % 4 == 0 ? .beforeServer : .afterServer, containing: text)
          try await until { proxy.cuts > round }
          try await load.progress(20)
        }
      }
      #expect(tally.failures.contains { $0.error.effect == .unknown })
      await proxy.end()
    }
  }
}
