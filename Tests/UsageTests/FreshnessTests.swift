import AuthCache
import AuthCacheSQLite
import AuthCacheServers
import Foundation
import Testing

/// The code of the guide “Keeping caches fresh across processes”.
@Suite(.timeLimit(.minutes(1))) struct FreshnessTests {
  @Test(
    "what one process logs out on PostgreSQL, the other no longer serves",
    .enabled(if: ServerKind.postgres.canBeTested, Comment(rawValue: ServerKind.postgres.whatIsMissing ?? "")))
  func twoProcesses() async throws {
    let server = try await ThrowawayServer.start(.postgres)
    func secret() -> String { Data(SystemEntropy().bytes(32)).base64EncodedString() }
    let environment = ["AUTHCACHE_POSTGRES_URL": server.url, "AUTH_KEY": secret(), "AUTH_PEPPER": secret()]
    let here = try Child("TwoProcesses", environment: environment)
    let there = try Child("TwoProcesses", environment: environment)

    let token = try await here.ask("login ada")
    // Whatever it remembered before it heard of anything, it forgets once more.
    repeat {
      #expect(try await there.ask("who \(token)") == "ada")
    } while try await there.ask("hits") == "0 served from memory"
    #expect(try await here.ask("logout ada") == "1 ended")
    let clock = ContinuousClock()
    let ended = clock.now
    var served = try await there.ask("who \(token)")
    while served == "ada" { served = try await there.ask("who \(token)") }
    let delay = ended.duration(to: clock.now)
    #expect(served == "nobody")
    // A hundred times what it takes, and a fraction of the minute for which it would be served otherwise.
    #expect(delay < .seconds(5), "served for \(delay) after the logout")
    #expect(try await here.end() == 0)
    #expect(try await there.end() == 0)
    await server.end()
  }

  @Test("what is revoked through one handle on a file is no longer served by another")
  func polled() async throws {
    try await withTemporaryFile { path in
      let protection = try AuthStore.Protection.sealed(KeyRing(.generate(id: "a")), pepper: .generate())
      let user = SubjectIdentifier(issuer: "https://id.example", subject: "24400320")
      let here = try AuthStore(over: try await cachedBackend(path: path), protection: protection)
      let there = try AuthStore(over: try await cachedBackend(path: path), protection: protection)
      let token = try await here.sessions.create(SessionDetails(subject: user)).credentials.accessToken ?? ""
      _ = try await there.sessions.load(accessToken: token)
      try await here.revoke(user)
      while try await there.sessions.load(accessToken: token) != nil { try await Task.sleep(for: .milliseconds(10)) }
      #expect(try await here.sessions.load(accessToken: token) == nil)
      try await here.close()
      try await there.close()
    }
  }

  @Test("the guide shows this code, and that of the example")
  func guide() throws {
    try expectQuoted("KeepingCachesFresh", and: "Examples/TwoProcesses/Server.swift")
  }
}

func cachedBackend(path: String) async throws -> CachingBackend<SQLiteBackend> {
  var configuration = SQLiteBackend.Configuration(path: path)
  configuration.announcesChanges = true
  configuration.changeInterval = .milliseconds(50)
  let backend = try await SQLiteBackend(configuration: configuration)
  return CachingBackend(over: backend, invalidatedBy: InvalidationSource(backend))
}
