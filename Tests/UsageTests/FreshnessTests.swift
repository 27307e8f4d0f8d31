import AuthCache
import AuthCacheSQLite
import Foundation
import Testing

/// The code of the guide “Keeping caches fresh across processes”.
@Suite(.timeLimit(.minutes(1))) struct FreshnessTests {
  @Test("what is revoked here is no longer served there")
  func twoProcesses() async throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("authcache-\(UUID().uuidString).sqlite")
    defer {
      for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file.path + suffix) }
    }
    let path = file.path
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

  @Test("the guide shows this code") func guide() throws { try expectQuoted("KeepingCachesFresh") }
}

func cachedBackend(path: String) async throws -> CachingBackend<SQLiteBackend> {
  var configuration = SQLiteBackend.Configuration(path: path)
  configuration.announcesChanges = true
  configuration.changeInterval = .milliseconds(50)
  let backend = try await SQLiteBackend(configuration: configuration)
  return CachingBackend(over: backend, invalidatedBy: InvalidationSource(backend))
}
