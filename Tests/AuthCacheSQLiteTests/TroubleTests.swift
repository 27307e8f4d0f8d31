import AuthCache
import AuthCacheSQLite
import CSQLite
import Foundation
import Testing

@Suite struct TroubleTests {
  @Test("a foreign lock makes a write time out with effect none, and reads go on")
  func foreignLock() async throws {
    let folder = try TemporaryFolder()
    var configuration = SQLiteBackend.Configuration(path: folder.file)
    configuration.busyTimeout = .milliseconds(50)
    let backend = try await SQLiteBackend(configuration: configuration)
    try await backend.store(record(1))

    let lock = try ForeignLock(on: folder.file)
    let error = await #expect(throws: AuthCacheError.self) { try await backend.store(record(2)) }
    #expect(error?.code == .timeout)
    #expect(error?.effect == AuthCacheError.Effect.none)
    #expect(try await backend.load(record(1).id) != nil)
    lock.release()

    try await backend.store(record(2))
    #expect(try await backend.load(record(2).id) != nil)
    try await backend.close()
  }

  @Test("a table that was dropped is unavailable, never empty")
  func droppedTable() async throws {
    let folder = try TemporaryFolder()
    let backend = try await SQLiteBackend(path: folder.file)
    try await backend.store(record(1))
    try run("ALTER TABLE auth_cache RENAME TO gone", in: folder.file)
    for attempt in [{ _ = try await backend.load(record(1).id) }, { _ = try await backend.consume(record(1).id) }]
      as [() async throws -> Void]
    {
      let error = await #expect(throws: AuthCacheError.self) { try await attempt() }
      #expect(error?.code == .unavailable)
    }
    try run("ALTER TABLE gone RENAME TO auth_cache", in: folder.file)
    #expect(try await backend.load(record(1).id) != nil)
    try await backend.close()
  }

  @Test("a row that holds what this library never writes is corrupt, and its neighbours are not")
  func foreignRow() async throws {
    let folder = try TemporaryFolder()
    let backend = try await SQLiteBackend(path: folder.file)
    try await backend.store(record(1))
    try await backend.store(record(2))
    try run("UPDATE auth_cache SET payload = 17 WHERE revision = 1", in: folder.file)
    let error = await #expect(throws: AuthCacheError.self) { try await backend.load(record(1).id) }
    #expect(error?.code == .corrupt)
    #expect(try await backend.load(record(2).id) != nil)
    try await backend.close()
  }

  @Test("one record in conflict fails alone among the writes that are committed with it")
  func failsAlone() async throws {
    let folder = try TemporaryFolder()
    let backend = try await SQLiteBackend(path: folder.file)
    let taken = Aliases(accessToken: RecordDigest(words: (9, 9, 9, 9)))
    try await backend.store(record(1_000, aliases: taken))
    let outcomes = await withTaskGroup(of: (UInt64, AuthCacheError?).self) { group in
      for number in UInt64(0)..<200 {
        group.addTask {
          do {
            try await backend.store(record(number, aliases: number % 10 == 3 ? taken : .none))
            return (number, nil)
          } catch {
            return (number, error as? AuthCacheError)
          }
        }
      }
      return await group.reduce(into: [UInt64: AuthCacheError?]()) { $0[$1.0] = $1.1 }
    }
    for number in UInt64(0)..<200 {
      let isRefused = number % 10 == 3
      #expect((outcomes[number] ?? nil)?.code == (isRefused ? .conflict : nil))
      #expect(try await backend.load(record(number).id) == nil || !isRefused)
    }
    #expect(try await backend.load(.accessToken(RecordDigest(words: (9, 9, 9, 9))))?.revision == 1_000)
    try await backend.close()
  }

  @Test("a cancelled caller either wrote or was told otherwise, and takes nobody with it")
  func cancellation() async throws {
    let folder = try TemporaryFolder()
    let backend = try await SQLiteBackend(path: folder.file)
    for round in UInt64(0)..<40 {
      let tasks = (UInt64(0)..<8).map { number in
        Task { try await backend.store(record(round * 8 + number)) }
      }
      for (number, task) in tasks.enumerated() where number % 2 == 0 { task.cancel() }
      for (number, task) in tasks.enumerated() {
        let isThere: Bool
        switch await task.result {
        case .success: isThere = true
        case .failure(let error):
          #expect((error as? AuthCacheError)?.code == .cancelled)
          #expect(number % 2 == 0)
          isThere = false
        }
        #expect(try await backend.load(record(round * 8 + UInt64(number)).id) != nil || !isThere)
      }
    }
    try await backend.close()
  }

  @Test("close serves what was accepted: every acknowledged write is there after reopening")
  func closeDrains() async throws {
    let folder = try TemporaryFolder()
    let backend = try await SQLiteBackend(path: folder.file)
    let tasks = (UInt64(0)..<300).map { number in Task { try await backend.store(record(number)) } }
    await Task.yield()
    try await backend.close()
    let again = try await SQLiteBackend(path: folder.file)
    for (number, task) in tasks.enumerated() {
      switch await task.result {
      case .success: #expect(try await again.load(record(UInt64(number)).id) != nil)
      case .failure(let error): #expect((error as? AuthCacheError)?.code == .closed)
      }
    }
    try await again.close()
    await #expect(throws: AuthCacheError.self) { try await backend.load(record(1).id) }
    try await backend.close()
  }
}

/// Another connection that holds the file's write lock.
private final class ForeignLock {
  private var database: OpaquePointer?

  init(on path: String) throws {
    try #require(sqlite3_open(path, &database) == SQLITE_OK)
    try #require(sqlite3_exec(database, "BEGIN IMMEDIATE", nil, nil, nil) == SQLITE_OK)
  }

  func release() {
    sqlite3_exec(database, "ROLLBACK", nil, nil, nil)
    sqlite3_close(database)
  }
}
