import AuthCache
import AuthCacheConformance
import AuthCacheServers
import Testing

extension RealDatabases {
  /// Two caches over two handles: whatever happens to the way between them, nothing stale remains.
  @Suite(.serialized, .timeLimit(.minutes(1))) struct LostSourceTests {
    private func hurt(
      _ database: Database, _ body: (ThrowawayServer, RawSession) async throws -> Void
    ) async throws {
      let server = try await SharedServer.durable(database)
      let table = SharedServer.tableName()
      let handles = [
        try await database.announcing(server.url, table: table),
        try await database.announcing(server.url, table: table),
      ]
      let caches = handles.map(listeningCache(over:))
      let sessions = (0..<20).map { record($0, kind: .session, aliases: Aliases(accessToken: digest(1_000 + $0))) }
      for session in sessions { try await caches[0].store(session) }
      try await coherent(caches, sessions, round: 1)

      try await body(server, RawSession(database, at: server.url))

      // Changed by both while nobody may have been listening, then while both are again.
      try await coherent(caches, sessions, round: 2)
      try await coherent(caches, sessions, round: 3)
      for cache in caches { try await cache.close() }
    }

    /// Each cache reads everything, the other one changes it, and both come to the truth.
    private func coherent(_ caches: [any AuthCacheBackend], _ sessions: [Record], round: UInt64) async throws {
      for (number, session) in sessions.enumerated() {
        let (writer, reader) = (caches[number % 2], caches[1 - number % 2])
        let next = session.replacing(revision: round * 100 + UInt64(number))
        // The server may just be coming back.
        try await until {
          do throws(AuthCacheError) {
            _ = try await reader.load(session.id)
            try await writer.store(next)
            return true
          } catch {
            return false
          }
        }
        for lookup in session.lookups {
          for cache in caches { try await until { (try? await cache.load(lookup)) == next } }
        }
      }
    }

    @Test("every connection is killed: what was cached is dropped, and listening goes on", arguments: Database.servers)
    func killed(_ database: Database) async throws {
      try await hurt(database) { _, raw in _ = try raw.killOthers() }
    }

    @Test("the server is restarted: what was cached is dropped, and listening goes on", arguments: Database.servers)
    func restarted(_ database: Database) async throws {
      try await hurt(database) { server, _ in
        try await server.stop()
        try await server.start()
      }
    }

    @Test(
      "a connection that is silent because the server stands still is given up in bounded time",
      .enabled(if: ServerKind.postgres.canBeTested, "\(ServerKind.postgres.whatIsMissing ?? "")"))
    func frozen() async throws {
      let server = try await SharedServer.durable(.postgres)
      let backend = try await Database.postgres.announcing(
        server.url, table: SharedServer.tableName(), checkInterval: .milliseconds(150))
      let ear = try await Ear(backend)
      try await server.freeze()
      let begin = ContinuousClock.now
      try await until { ear.hasEnded }
      try await server.thaw()
      #expect(ear.error?.code == .timeout)
      #expect(ContinuousClock.now - begin < .seconds(2))
      try await backend.close()
    }

    @Test(
      "a connection that is killed ends the subscription with an error",
      .enabled(if: ServerKind.postgres.canBeTested, "\(ServerKind.postgres.whatIsMissing ?? "")"))
    func told() async throws {
      let server = try await SharedServer.durable(.postgres)
      let backend = try await Database.postgres.announcing(server.url, table: SharedServer.tableName())
      let raw = try RawSession(.postgres, at: server.url)
      let ear = try await Ear(backend)
      try raw.killOthers()
      try await until { ear.hasEnded }
      #expect(ear.error?.code == .unavailable)
      try await backend.close()
    }
  }
}
