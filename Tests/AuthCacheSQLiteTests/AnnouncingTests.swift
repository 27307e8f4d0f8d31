import AuthCache
import AuthCacheConformance
import AuthCacheSQLite
import CSQLite
import Foundation
import Testing

@Suite struct AnnouncingTests {
  private func open(
    _ folder: TemporaryFolder, announces: Bool, clock: any AuthCacheClock = .system
  ) async throws -> SQLiteBackend {
    var configuration = SQLiteBackend.Configuration(path: folder.file, clock: clock)
    configuration.announcesChanges = announces
    configuration.changeInterval = .milliseconds(100)
    return try await SQLiteBackend(configuration: configuration)
  }

  /// A number out of the file, asked for behind the backend's back.
  private func number(_ query: String, in folder: TemporaryFolder, running text: String? = nil) -> Int? {
    var database: OpaquePointer?
    defer { sqlite3_close(database) }
    guard sqlite3_open(folder.file, &database) == SQLITE_OK else { return nil }
    if let text, sqlite3_exec(database, text, nil, nil, nil) != SQLITE_OK { return nil }
    var statement: OpaquePointer?
    defer { sqlite3_finalize(statement) }
    guard sqlite3_prepare_v2(database, query, -1, &statement, nil) == SQLITE_OK, sqlite3_step(statement) == SQLITE_ROW
    else { return nil }
    return Int(sqlite3_column_int64(statement, 0))
  }

  @Test func `a table with records announces from when it is asked to, for every handle`() async throws {
    let folder = try TemporaryFolder()
    let clock = VirtualClock()
    let old = try await open(folder, announces: false, clock: clock)
    try await old.store(record(1, clock: clock))
    await #expect(throws: AuthCacheError.self) { _ = try await old.invalidations() }

    let new = try await open(folder, announces: true, clock: clock)
    #expect(try await new.load(record(1).id) != nil)
    var announcements = try await old.invalidations().makeAsyncIterator()
    #expect(try await announcements.next() == .gap)
    #expect(try await old.remove(record(1).id))
    async let next = announcements.next()
    clock.advance(by: .milliseconds(100))
    while clock.sleeperCount == 0 { await Task.yield() }
    clock.advance(by: .milliseconds(100))
    #expect(try await next == .record(record(1).id))
    #expect(number("SELECT version FROM auth_cache_announcing", in: folder) == 1)
    #expect(number("SELECT version FROM auth_cache_schema", in: folder) == 1)
    try await old.close()
    try await new.close()
  }

  @Test func `ten handles ask for announcements at once`() async throws {
    let folder = try TemporaryFolder()
    try await withThrowingTaskGroup(of: SQLiteBackend.self) { group in
      for _ in 0..<10 { group.addTask { try await open(folder, announces: true) } }
      for try await backend in group { try await backend.close() }
    }
    #expect(number("SELECT count(*) FROM auth_cache_announcing", in: folder) == 1)
    #expect(number("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'", in: folder) == 3)
  }

  @Test func `the log is kept short by whoever sweeps, and whoever fell behind hears a gap`() async throws {
    let folder = try TemporaryFolder()
    let clock = VirtualClock()
    let backend = try await open(folder, announces: true, clock: clock)
    var announcements = try await backend.invalidations().makeAsyncIterator()
    #expect(try await announcements.next() == .gap)
    let many = """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 70000)
      INSERT INTO auth_cache_changes (kind, digest) SELECT 'code', zeroblob(32) FROM n
      """
    #expect(number("SELECT count(*) FROM auth_cache_changes", in: folder, running: many) == 70_000)
    _ = try await backend.removeExpired(through: clock.now, limit: 10)
    #expect(number("SELECT count(*) FROM auth_cache_changes", in: folder) == 65_536)
    let time = Task {
      while !Task.isCancelled {
        if clock.sleeperCount > 0 { clock.advance(by: .milliseconds(100)) }
        await Task.yield()
      }
    }
    defer { time.cancel() }
    #expect(try await announcements.next() == .gap)
    try await backend.store(record(1, clock: clock))
    #expect(try await announcements.next() == .record(record(1).id))
    try await backend.close()
  }

  @Test func `thousands of announced writes leave the log within its bound, if somebody listens`() async throws {
    let folder = try TemporaryFolder()
    let clock = VirtualClock()
    let backend = try await open(folder, announces: true, clock: clock)
    let fill = """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 65000)
      INSERT INTO auth_cache_changes (kind, digest) SELECT 'code', zeroblob(32) FROM n
      """
    #expect(number("SELECT count(*) FROM auth_cache_changes", in: folder, running: fill) == 65_000)
    var announcements = try await backend.invalidations().makeAsyncIterator()
    #expect(try await announcements.next() == .gap)
    let time = Task {
      while !Task.isCancelled {
        if clock.sleeperCount > 0 { clock.advance(by: .milliseconds(100)) }
        await Task.yield()
      }
    }
    defer { time.cancel() }
    for round in 1...6 as ClosedRange<UInt64> {
      let records = (0..<1_000).map { record(round * 10_000 + $0, clock: clock) }
      try await backend.store(contentsOf: records)
      for record in records { #expect(try await announcements.next() == .record(record.id)) }
      // What has been read is cut before the next look, each time a thousand more have come.
      #expect((number("SELECT count(*) FROM auth_cache_changes", in: folder) ?? .max) <= 65_536 + 1_024)
    }
    try await backend.close()
  }

  @Test func `a write that is undone is not announced`() async throws {
    let folder = try TemporaryFolder()
    let backend = try await open(folder, announces: true)
    let session = record(1, aliases: Aliases(accessToken: record(9).digest))
    try await backend.store(session)
    let before = number("SELECT count(*) FROM auth_cache_changes", in: folder)
    // Another session under the same token, in one unit with one that would be fine.
    await #expect(throws: AuthCacheError.self) {
      try await backend.store(contentsOf: [
        record(2), record(3, aliases: Aliases(accessToken: record(9).digest)),
      ])
    }
    #expect(try await backend.insert(session) == false)
    #expect(number("SELECT count(*) FROM auth_cache_changes", in: folder) == before)
    try await backend.close()
  }

  @Test func `the printed schema is one that a backend opens and that announces`() async throws {
    let folder = try TemporaryFolder()
    let schema = try SQLiteBackend.schema(announcesChanges: true)
    #expect(number("SELECT version FROM auth_cache_announcing", in: folder, running: schema) == 1)
    let backend = try await open(folder, announces: false)
    _ = try await backend.invalidations()
    try await backend.close()
  }
}
