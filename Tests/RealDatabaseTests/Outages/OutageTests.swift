import AuthCache
import AuthCacheServers
import Testing

extension RealDatabases {
  /// Under load from 64 tasks: whatever happens to the server, what it acknowledged is there, what it refused is not,
  /// nobody waits beyond the deadlines, and service resumes by itself.
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
      _ database: Database, _ body: (ThrowawayServer, Load) async throws -> Void
    ) async throws -> Load.Tally {
      let server = try await SharedServer.durable(database)
      var settings = settings
      settings.tableName = SharedServer.tableName()
      let backend = try await database.open(server.url, settings)
      let load = Load(on: backend)
      try await load.run(tasks: Self.tasks) {
        try await load.progress(200)
        try await body(server, load)
        // The server is back: nobody has to be told.
        let start = ContinuousClock.now
        try await load.progress(1)
        #expect(ContinuousClock.now - start < .seconds(5))
        try await load.progress(200)
      }
      try await backend.close()
      load.tally.expectHonest(within: deadline)
      return load.tally
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

    @Test("the server is restarted: service resumes by itself within five seconds", arguments: Database.servers)
    func restarted(_ database: Database) async throws {
      let tally = try await hurt(database) { server, load in
        try await server.stop()
        try await load.trouble(64)
        try await server.start()
      }
      #expect(tally.failures.count >= 64)
    }

    @Test("the server is killed with SIGKILL and recovers: what it acknowledged is there", arguments: Database.servers)
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
      arguments: Database.servers)
    func frozen(_ database: Database) async throws {
      let tally = try await hurt(database) { server, load in
        try await server.freeze()
        // Every task has waited to the end of some deadline.
        try await load.trouble(64)
        try await server.thaw()
      }
      #expect(tally.failures.contains { $0.code == .timeout })
    }
  }
}
