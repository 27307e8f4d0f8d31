import AuthCache
import AuthCacheSQLite
import Testing

/// The code of the guide “From a bare store to layers”.
@Suite struct FromABareStoreTests {
  @Test("a layered server beside a bare one loads its sessions, and hears of its logouts")
  func besides() async throws {
    let protection = try AuthStore.Protection.sealed(KeyRing(.generate(id: "a")), pepper: .generate())
    let user = SubjectIdentifier(issuer: "https://id.example", subject: "24400320")
    try await withTemporaryFile { path in
      let plain = try await SQLiteBackend(path: path)
      let bare = try AuthStore(over: plain, protection: protection)
      let issued = try await bare.sessions.create(SessionDetails(subject: user))
      let token = issued.credentials.accessToken ?? ""

      let database = try await SQLiteBackend(path: path)
      let cache = CachingBackend(over: try BufferedBackend(over: database))
      let layered = try AuthStore(over: cache, protection: protection)
      #expect(try await layered.sessions.load(accessToken: token)?.subject == user)

      #expect(cache.properties.consistency == .stale(.seconds(300)))
      #expect(try await bare.sessions.delete(accessToken: token))
      // Until five seconds after it was read, this server may still serve the session that was ended on the other one.
      _ = try await layered.sessions.load(accessToken: token)

      cache.flush()
      #expect(try await layered.sessions.load(accessToken: token) == nil)

      try await cache.close()
      try await plain.close()
    }
  }

  @Test("the guide shows this code") func guide() throws { try expectQuoted("FromABareStore") }
}
