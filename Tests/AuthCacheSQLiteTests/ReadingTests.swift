import AuthCache
import AuthCacheSQLite
import CSQLite
import Testing

/// Reads that overlap share the lock on the file. Nobody may notice.
@Suite struct ReadingTests {
  @Test("once nobody reads, nothing keeps the log from being folded into the file")
  func nothingStaysOpen() async throws {
    let folder = try TemporaryFolder()
    let backend = try await SQLiteBackend(path: folder.file)
    let records = (0..<64).map { record($0) }
    for round in 0..<20 {
      try await backend.store(contentsOf: records)
      try await read(records, tasks: 8, from: backend)
      #expect(checkpoint(folder.file) == SQLITE_OK, "round \(round)")
    }
    try await backend.close()
  }

  @Test("a read sees every write acknowledged before it began, by whatever handle, while others read")
  func overlappingReadsAreFresh() async throws {
    let folder = try TemporaryFolder()
    let (reader, writer) = (try await SQLiteBackend(path: folder.file), try await SQLiteBackend(path: folder.file))
    let others = (1..<64).map { record($0) }
    try await writer.store(contentsOf: others)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask { while !Task.isCancelled { try await read(others, tasks: 1, from: reader) } }
      }
      let subject = record(0)
      for revision in 1...300 as ClosedRange<UInt64> {
        let next = subject.replacing(revision: revision)
        try await writer.store(next)
        let found = try await reader.load(subject.id)
        #expect(found == next)
      }
      group.cancelAll()
      try await group.waitForAll()
    }
    try await reader.close()
    try await writer.close()
  }

  private func read(_ records: [Record], tasks: Int, from backend: SQLiteBackend) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<tasks {
        group.addTask {
          for index in records.indices {
            let record = records[(index + task * 7) % records.count]
            let found = try await backend.load(record.id)
            #expect(found == record)
          }
        }
      }
      try await group.waitForAll()
    }
  }

  /// Folds the whole log in and empties it, which takes that nobody reads from it (sqlite3_wal_checkpoint_v2).
  private func checkpoint(_ path: String) -> Int32 {
    var database: OpaquePointer?
    defer { sqlite3_close(database) }
    // A connection learns that there is a log by reading.
    guard sqlite3_open(path, &database) == SQLITE_OK,
      sqlite3_exec(database, "SELECT 1 FROM sqlite_schema", nil, nil, nil) == SQLITE_OK
    else { return SQLITE_CANTOPEN }
    return sqlite3_wal_checkpoint_v2(database, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
  }
}
