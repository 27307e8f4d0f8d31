import AuthCache
import AuthCacheSQLite
import Foundation
import Testing

/// The code of the guide “Moving between databases”.
@Suite struct MovingTests {
  @Test("a session and its tokens work in the store that they were copied to")
  func moves() async throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("authcache-\(UUID().uuidString).sqlite")
    defer {
      for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file.path + suffix) }
    }
    let (old, new) = (MemoryBackend(), try await SQLiteBackend(path: file.path))
    let protection = try AuthStore.Protection.sealed(KeyRing(.generate(id: "a")), pepper: .generate())
    let store = try AuthStore(over: old, protection: protection)
    let user = SubjectIdentifier(issuer: "https://id.example", subject: "24400320")
    var tokens: [String] = []
    for _ in 0..<30 {
      tokens.append(try await store.sessions.create(SessionDetails(subject: user)).credentials.accessToken ?? "")
    }
    #expect(try await copy([.client, .session, .spentRefresh], from: old, to: new) == 30)
    let moved = try AuthStore(over: new, protection: protection)
    for token in tokens { #expect(try await moved.sessions.load(accessToken: token)?.subject == user) }
    try await moved.revoke(user)
    #expect(try await moved.sessions.load(accessToken: tokens[0]) == nil)
    try await new.close()
    try await old.close()
  }
}

private func copy(
  _ kinds: [RecordKind], from old: some ListingBackend, to new: some BulkBackend
) async throws -> Int {
  var copied = 0
  for kind in kinds {
    var last: RecordDigest?
    while true {
      let page = try await old.records(of: kind, after: last, limit: 1_000)
      guard let end = page.last else { break }
      try await new.store(contentsOf: page)
      copied += page.count
      last = end.digest
    }
  }
  return copied
}
