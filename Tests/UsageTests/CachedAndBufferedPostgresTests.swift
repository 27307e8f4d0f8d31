import AuthCache
import AuthCachePostgres
import AuthCacheServers
import Testing

/// The code of the guide “Several machines: PostgreSQL under a write buffer and a cache”.
@Suite struct CachedAndBufferedPostgresTests {
  @Test(
    "sixty-four logins at once, read back and revoked",
    .enabled(if: ServerKind.postgres.canBeTested, Comment(rawValue: ServerKind.postgres.whatIsMissing ?? "")))
  func logins() async throws {
    let server = try await ThrowawayServer.start(.postgres)
    let url = server.url
    let protection = try AuthStore.Protection.sealed(KeyRing(.generate(id: "a")), pepper: .generate())
    let user = SubjectIdentifier(issuer: "https://id.example", subject: "24400320")

    let database = try await PostgresBackend(url: url)
    let buffer = try BufferedBackend(over: database)
    let cache = CachingBackend(over: buffer)
    let store = try AuthStore(over: cache, protection: protection)

    let tokens = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<64 {
        group.addTask { try await store.sessions.create(SessionDetails(subject: user)).credentials.accessToken ?? "" }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    let counts = buffer.counts
    #expect(counts.written == 64 && counts.flushes <= 64)
    for token in tokens { #expect(try await store.sessions.load(accessToken: token)?.subject == user) }

    var hasty = BufferConfiguration(maxDelay: .milliseconds(20))
    hasty.queued = [.session]
    let quick = try BufferedBackend(over: try await PostgresBackend(url: url), configuration: hasty)
    #expect(quick.properties.durability == BackendProperties.Durability.none)

    #expect(try await store.revoke(user) == 64)
    for token in tokens { #expect(try await store.sessions.load(accessToken: token) == nil) }

    try await quick.close()
    try await cache.close()
    await server.end()
  }

  @Test("the guide shows this code") func guide() throws { try expectQuoted("CachedAndBufferedPostgres") }
}
