import AuthCache
import AuthCacheServers
import Testing

extension RealDatabases {
  /// The network breaks at the one moment at which nobody can say what became of a write.
  @Suite(.serialized, .timeLimit(.minutes(4))) struct AmbiguousCommitTests {
    enum Deed: CaseIterable, Sendable { case consume, replace, bulk, group }

    private static let crowd = UInt64(20)

    /// What is in the bytes that commit: a statement of its own, or else whatever is sent next.
    private static func commit(_ deed: Deed, on database: Database) -> String? {
      switch (database, deed) {
      case (.mariadb, .bulk), (.mariadb, .group), (.mariadbLocked, _): "COMMIT"
      case (.postgres, _), (.mariadb, _): nil
      }
    }

    @Test(
      "a commit that is lost, or whose answer is, has effect unknown for everybody in it and is not sent again",
      arguments: Database.ways, [ProxyCut.Point.afterServer, .beforeServer])
    func cut(_ database: Database, _ point: ProxyCut.Point) async throws {
      for deed in Deed.allCases {
        let line = try await Line(database)
        let backend = line.backend
        try await line.warmUp()
        let text = Self.commit(deed, on: database)
        let tookPlace = point == .afterServer
        let (old, new) = (record(2), record(2, revision: 2))
        let many = (10..<10 + Self.crowd).map { record($0) }
        if deed == .consume || deed == .replace { try await line.backend.store(old) }
        var failures: [AuthCacheError?] = []
        let deeds = try await line.deedsDuring {
          switch deed {
          case .consume:
            await line.proxy.cutNextStatement(point, containing: text)
            failures = [try await failure { _ = try await line.backend.consume(old.id) }]
          case .replace:
            await line.proxy.cutNextStatement(point, containing: text)
            failures = [try await failure { _ = try await line.backend.replace(old, with: new) }]
          case .bulk:
            await line.proxy.cutNextStatement(point, containing: text)
            failures = [try await failure { try await line.backend.store(contentsOf: many) }]
          case .group:
            failures = try await line.together(many) {
              await line.proxy.cutNextStatement(point, containing: text)
            } _: {
              try await backend.store($0)
            }
          }
        }
        #expect(line.proxy.cuts == 1, "\(deed)")
        #expect(failures.allSatisfy { $0?.code == .unavailable && $0?.effect == .unknown }, "\(deed): \(failures)")
        // What is cut off before a commit of its own was done and is undone; else it never got there.
        let expected = !tookPlace && text == nil ? 0 : deed == .bulk || deed == .group ? many.count : 1
        #expect(deeds == expected, "\(deed)")

        let found = try await line.backend.load(contentsOf: ([old] + many).map(\.id))
        switch deed {
        case .consume: #expect((found[0] == nil) == tookPlace)
        case .replace: #expect(found[0]?.revision == (tookPlace ? 2 : 1))
        case .bulk, .group: #expect(found.dropFirst().allSatisfy { ($0 != nil) == tookPlace }, "\(deed)")
        }
        // Nobody tries it once more behind the caller's back, and the next one is served.
        #expect(try await line.deedsDuring { try await line.backend.store(record(3)) } == 1)
        try await line.end()
      }
    }

    @Test(
      "where a commit is a statement of its own, an answer lost before it says that nothing took place",
      arguments: Database.ways.filter { $0 == .mariadbLocked })
    func cutBeforeTheCommit(_ database: Database) async throws {
      let line = try await Line(database)
      try await line.warmUp()
      try await line.backend.store(record(2))
      await line.proxy.cutNextStatement(.afterServer)
      let error = try await failure { _ = try await line.backend.consume(record(2).id) }
      #expect(error?.code == .unavailable)
      #expect(error?.effect == AuthCacheError.Effect.none)
      #expect(line.proxy.cuts == 1)
      #expect(try await line.backend.consume(record(2).id)?.digest == record(2).digest)
      try await line.end()
    }
  }
}
