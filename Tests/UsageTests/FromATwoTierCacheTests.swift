import AuthCache
import AuthCacheSQLite
import Testing

/// The code of the guide “From an ordinary two-tier cache”.
@Suite struct FromATwoTierCacheTests {
  @Test("tokens of the old cache go on working, and end in both places")
  func takesOver() async throws {
    let protection = try AuthStore.Protection.sealed(KeyRing(.generate(id: "a")), pepper: .generate())
    try await withTemporaryFile { path in
      var configuration = CachingConfiguration()
      configuration.sessions.capacity = 50_000
      configuration.sessions.timeToLive = .seconds(5)
      let cache = CachingBackend(over: try await SQLiteBackend(path: path), configuration: configuration)
      let store = try AuthStore(over: cache, protection: protection)

      let server = Server(store: store, old: TwoTier())
      await server.old.set("token-1", "Ada")
      await server.old.set("token-2", "Grace")
      #expect(try await server.session("token-1")?.data["value"] == "Ada")
      #expect(await server.old.get("token-1") == nil)
      #expect(try await server.session("token-1")?.data["value"] == "Ada")
      try await server.logOut("token-1")
      try await server.logOut("token-2")
      #expect(try await server.session("token-1") == nil)
      #expect(try await server.session("token-2") == nil)
      try await cache.close()
    }
  }

  @Test("the guide shows this code") func guide() throws { try expectQuoted("FromATwoTierCache") }
}

private struct Server {
  let store: AuthStore
  let old: TwoTier

  func session(_ token: String) async throws -> Session? {
    if let session = try await store.sessions.load(accessToken: token) { return session }
    guard let value = await old.get(token) else { return nil }
    var details = SessionDetails()
    details.data = ["value": value]
    // The id follows from the token, so that two requests that meet here store one session.
    let credentials = SessionCredentials(id: "moved-" + token, accessToken: token)
    let moved = try await store.sessions.store(details, under: credentials)
    await old.invalidate(token)
    return moved.session
  }

  func logOut(_ token: String) async throws {
    await old.invalidate(token)
    try await store.sessions.delete(accessToken: token)
  }
}

actor TwoTier {
  var local: [String: String] = [:]
  var shared: [String: String] = [:]

  func get(_ token: String) -> String? {
    if let value = local[token] { return value }
    let value = shared[token]
    local[token] = value
    return value
  }

  func set(_ token: String, _ value: String) {
    local[token] = value
    shared[token] = value
  }

  func invalidate(_ token: String) {
    local[token] = nil
    shared[token] = nil
  }
}
