import AuthCache
import AuthCacheServers
import Testing

extension RealDatabases {
  /// The guide “Moving between databases”, between servers.
  @Suite(
    .serialized, .timeLimit(.minutes(2)),
    .enabled(if: Database.servers.count == 2, "PostgreSQL or MariaDB is not installed"))
  struct MovingServersTests {
    @Test(
      "what is copied from one server to the other, and back, is the same records and opens the same sessions",
      arguments: [(Database.postgres, Database.mariadb), (.mariadb, .postgres)])
    func moves(_ from: Database, _ to: Database) async throws {
      var settings = Database.Settings()
      settings.tableName = SharedServer.tableName()
      let old = try await from.open(try await SharedServer.of(from).url, settings)
      let new = try await to.open(try await SharedServer.of(to).url, settings)
      let protection = try AuthStore.Protection.sealed(KeyRing(.generate(id: "a")), pepper: .generate())
      let store = try AuthStore(over: old, protection: protection)
      let user = SubjectIdentifier(issuer: "https://id.example", subject: "24400320")
      var tokens: [String] = []
      for _ in 0..<20 {
        tokens.append(try await store.sessions.create(SessionDetails(subject: user)).credentials.accessToken ?? "")
      }
      // More than a page, some that never end, and bytes that a text would lose.
      let clients = (0..<2_500).map { number in
        Record(
          kind: .client, digest: digest(UInt64(number)), revision: .max - UInt64(number),
          createdAt: Timestamp(millisecondsSinceEpoch: Int64(number)), expiresAt: nil,
          payload: Payload([0x00, 0x27, 0x5C, 0xFF, 0x20, UInt8(truncatingIfNeeded: number)]))
      }
      try await old.store(contentsOf: clients)

      #expect(try await copy([.client, .session, .spentRefresh], from: old, to: new) == 2_520)
      let moved = try await new.load(contentsOf: clients.map(\.id))
      #expect(moved == clients)
      let reopened = try AuthStore(over: new, protection: protection)
      for token in tokens { #expect(try await reopened.sessions.load(accessToken: token)?.subject == user) }
      try await reopened.revoke(user)
      #expect(try await reopened.sessions.load(accessToken: tokens[0]) == nil)
      #expect(try await store.sessions.load(accessToken: tokens[0]) != nil, "the old store is as it was")

      // And back, over what is there.
      #expect(try await copy([.client, .session], from: new, to: old) == 2_500)
      #expect(try await old.load(contentsOf: clients.map(\.id)) == clients)
      try await new.close()
      try await old.close()
    }

    private func copy(
      _ kinds: [RecordKind], from old: any ListingBackend, to new: any BulkBackend
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
  }
}
