import AuthCache
import AuthCacheSQLite
import Foundation
import Testing

/// The code of the guide “One machine: SQLite under a cache”.
@Suite struct CachedSQLiteTests {
  @Test("sessions in a file are served from memory until they are revoked")
  func serves() async throws {
    let protection = try AuthStore.Protection.sealed(KeyRing(.generate(id: "a")), pepper: .generate())
    let user = SubjectIdentifier(issuer: "https://id.example", subject: "24400320")
    try await withTemporaryFile { path in
      let database = try await SQLiteBackend(path: path)
      let cache = CachingBackend(over: database)
      let store = try AuthStore(over: cache, protection: protection)

      let issued = try await store.sessions.create(SessionDetails(subject: user))
      let token = issued.credentials.accessToken ?? ""
      for _ in 0..<100 { _ = try await store.sessions.load(accessToken: token) }

      let counts = cache.counts(of: .session)
      #expect(counts.loads == 1 && counts.hits == 99)

      try await store.revoke(user)
      #expect(try await store.sessions.load(accessToken: token) == nil)

      var configuration = CachingConfiguration()
      configuration.sessions.timeToLive = .seconds(2)
      let second = CachingBackend(over: try await SQLiteBackend(path: path), configuration: configuration)

      try await second.close()
      try await cache.close()
    }
  }

  @Test("the guide shows this code") func guide() throws { try expectQuoted("CachedSQLite") }
}
