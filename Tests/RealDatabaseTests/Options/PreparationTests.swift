import AuthCache
import AuthCachePostgres
import AuthCacheServers
import Testing

extension RealDatabases {
  @Suite(
    .serialized, .timeLimit(.minutes(1)),
    .enabled(if: ServerKind.postgres.canBeTested, "\(ServerKind.postgres.whatIsMissing ?? "")"))
  struct PreparationTests {
    @Test(
      "statements have names on the server where they are prepared, and none where they are not",
      arguments: [true, false])
    func names(_ prepares: Bool) async throws {
      let proxy = try TestProxy(before: try await SharedServer.of(.postgres))
      var configuration = try PostgresBackend.Configuration(url: proxy.url)
      configuration.address.tls = .disable
      configuration.tableName = SharedServer.tableName()
      configuration.preparesStatements = prepares
      (configuration.minConnections, configuration.maxConnections) = (1, 1)
      let backend = try await PostgresBackend(configuration: configuration)
      let records = (0..<5).map { record(UInt64($0)) }
      // The first time and the second, alone and together: whatever names a statement breaks the connection.
      await proxy.cutNextStatement(.beforeServer, containing: "authcache_")
      var failures = 0
      for _ in 1...2 {
        if try await failure(of: { try await backend.store(records[0]) }) != nil { failures += 1 }
        if try await failure(of: { _ = try await backend.load(records[0].id) }) != nil { failures += 1 }
        if try await failure(of: { try await backend.store(contentsOf: records) }) != nil { failures += 1 }
        if try await failure(of: { _ = try await backend.load(contentsOf: records.map(\.id)) }) != nil { failures += 1 }
        if try await failure(of: { _ = try await backend.consume(records[1].id) }) != nil { failures += 1 }
      }
      #expect(proxy.cuts == (prepares ? 1 : 0))
      #expect(failures == (prepares ? 1 : 0))
      try await backend.close()
      await proxy.end()
    }
  }
}
