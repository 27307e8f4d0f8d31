import AuthCache
import AuthCachePostgres
import AuthCacheServers
import Testing

extension RealDatabases {
  @Suite(
    .timeLimit(.minutes(2)),
    .enabled(if: ServerKind.postgres.canBeTested, "\(ServerKind.postgres.whatIsMissing ?? "")"))
  struct PlanTests {
    @Test("what was planned while the table was empty goes by key when it is full")
    func keys() async throws {
      let url = try await ThrowawayServer.shared(.postgres).url
      var configuration = try PostgresBackend.Configuration(url: url)
      configuration.tableName = SharedServer.tableName()
      configuration.maxConnections = 1
      configuration.minConnections = 1
      let reader = try await PostgresBackend(configuration: configuration)
      let writer = try await PostgresBackend(configuration: configuration)
      let records = (1...5_000).map { number in
        record(UInt64(number), aliases: Aliases(accessToken: digest(UInt64(number) + 10_000)))
      }
      let lookups = [
        records.map(\.id),
        records.map { Lookup(kind: $0.kind, field: .accessToken, digest: digest($0.digest.words.3 + 10_000)) },
      ]
      for lookups in lookups {
        #expect(try await reader.load(contentsOf: Array(lookups.prefix(20))).allSatisfy { $0 == nil })
        #expect(try await reader.load(lookups[0]) == nil)
      }
      try await writer.store(contentsOf: records)
      for lookups in lookups {
        // A record that is asked for more than once comes each time.
        let some = (0..<2_000).map { lookups[($0 * 7) % 1_500] }
        for start in stride(from: 0, to: some.count, by: 50) {
          let asked = Array(some[start..<start + 50])
          let found = try await reader.load(contentsOf: asked + asked)
          #expect(found.map { $0?.digest } == (asked + asked).map { id in records[place(of: id)].digest })
        }
      }
      try await reader.close()
      try await writer.close()
      let raw = try RawSession(.postgres, at: url)
      var fetched = 0
      try await until {
        let rows = try raw.run(
          "SELECT idx_tup_fetch FROM pg_stat_user_tables WHERE relname = '\(configuration.tableName)'")
        fetched = rows.first.flatMap { Int($0) } ?? 0
        return fetched >= 4_000
      }
      // By the kind alone each statement would fetch all of the five thousand.
      #expect(fetched < 20_000)
    }

    private func place(of lookup: Lookup) -> Int {
      Int(lookup.digest.words.3) - (lookup.field == .id ? 1 : 10_001)
    }
  }
}
