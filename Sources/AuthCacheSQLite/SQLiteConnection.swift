internal import AuthCache
internal import AuthCacheSQL
internal import CSQLite
internal import Synchronization

/// One connection to the file, opened without SQLite's own mutex.
// Unchecked: the engine lends a connection to one thread at a time; `interrupt` alone comes from others, and it and
// `close` meet under `handle`.
final class SQLiteConnection: SQLConnection, @unchecked Sendable {
  private let database: OpaquePointer
  private let statements: Statements
  private var cursors: [SQLiteCursor?]
  private let leavesReadsOpen: Bool
  private var openCursor: SQLiteCursor?
  private let handle: Mutex<Handle>
  private let isInterrupted = Atomic(false)
  private var favorsThroughput = false

  /// How many pages the log may have before it is copied where throughput is favored: 16 MB, four times the default.
  private static let roomyLog: Int32 = 4_000

  // Unchecked: the pointer is used and forgotten under the lock only, and interrupting is allowed from any thread.
  private struct Handle: @unchecked Sendable {
    var database: OpaquePointer?
  }

  init(
    path: String, creates: Bool, busyTimeout: Duration, leavesReadsOpen: Bool, statements: Statements
  ) throws(SQLFailure) {
    var opened: OpaquePointer?
    let flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | (creates ? SQLITE_OPEN_CREATE : 0)
    let status = sqlite3_open_v2(path, &opened, flags, nil)
    guard status == SQLITE_OK, let opened else {
      let failure = SQLFailure(sqlite: status, database: opened)
      sqlite3_close(opened)
      throw failure
    }
    sqlite3_busy_timeout(opened, Int32(clamping: busyTimeout.wholeMilliseconds))
    database = opened
    self.statements = statements
    self.leavesReadsOpen = leavesReadsOpen
    cursors = []
    handle = Mutex(Handle(database: opened))
  }

  static var traits: SQLTraits {
    var traits = SQLTraits()
    traits.locksToWrite = true
    traits.separatesReads = true
    traits.logsInOrder = true
    return traits
  }

  var traits: SQLTraits { Self.traits }
  var hasReturning: Bool { true }

  func cursor(_ statement: Statement, in table: Int, count: Int) throws(SQLFailure) -> any SQLCursor {
    endReading()
    let place = table * Statement.count + statement.index
    while cursors.count <= place { cursors.append(nil) }
    if let cursor = cursors[place] { return cursor }
    let cursor = SQLiteCursor(try prepare(statements[statement, in: table]), on: self)
    cursors[place] = cursor
    return cursor
  }

  func execute(_ text: String) throws(SQLFailure) {
    try check(sqlite3_exec(database, text, nil, nil, nil))
  }

  func integer(_ text: String) throws(SQLFailure) -> Int64? {
    let cursor = SQLiteCursor(try prepare(text), on: self)
    defer { cursor.finalize() }
    return try cursor.step() ? try cursor.integer(at: 0) : nil
  }

  /// Lets the log grow further before it is copied into the file: pages that change again meanwhile are copied once.
  func favorThroughput() {
    guard !favorsThroughput else { return }
    favorsThroughput = true
    sqlite3_wal_autocheckpoint(database, Self.roomyLog)
  }

  func beginWriting() throws(SQLFailure) { try execute("BEGIN IMMEDIATE") }

  func beginReading() throws(SQLFailure) {
    endReading()
    try execute("BEGIN")
  }

  func beginMigrating(_ name: String) throws(SQLFailure) { try beginWriting() }

  func announceCommit() {}

  func commit() throws(SQLFailure) {
    guard sqlite3_get_autocommit(database) == 0 else { return }
    do throws(SQLFailure) {
      try execute("COMMIT")
    } catch {
      var failure = error
      // A commit whose write was refused did not happen; one whose sync failed may come back with the log.
      let status = sqlite3_extended_errcode(database)
      if status & 0xFF == SQLITE_IOERR { failure.effect = .unknown }
      throw failure
    }
  }

  func rollback() {
    endReading()
    guard sqlite3_get_autocommit(database) == 0 else { return }
    // An interruption is meant for work, not for putting it away.
    sqlite3_exec(database, "ROLLBACK", nil, nil, nil)
  }

  /// Leaves the read that `cursor` has done open, if this connection is one that may.
  ///
  /// - Returns: false if it is to be ended at once.
  func leaveOpen(_ cursor: SQLiteCursor) -> Bool {
    guard leavesReadsOpen else { return false }
    openCursor = cursor
    return true
  }

  func endReading() {
    openCursor?.end()
    openCursor = nil
  }

  /// There is no other side.
  func isAlive() -> Bool { true }

  func interrupt() {
    isInterrupted.store(true, ordering: .relaxed)
    handle.withLock { handle in
      if let database = handle.database { sqlite3_interrupt(database) }
    }
  }

  func close() {
    openCursor = nil
    for cursor in cursors { cursor?.finalize() }
    cursors = []
    let database = handle.withLock { handle in
      defer { handle.database = nil }
      return handle.database
    }
    if let database { sqlite3_close_v2(database) }
  }

  /// Steps `statement`, unless this connection has been told to stop.
  func step(_ statement: OpaquePointer) throws(SQLFailure) -> Bool {
    guard !isInterrupted.load(ordering: .relaxed) else { throw SQLFailure(sqlite: SQLITE_INTERRUPT, database: nil) }
    switch sqlite3_step(statement) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let status: throw SQLFailure(sqlite: status, database: database)
    }
  }

  var changes: Int { Int(sqlite3_changes(database)) }

  /// Gives another holder of the lock a moment.
  static func pause() { sqlite3_sleep(2) }

  private func prepare(_ text: String) throws(SQLFailure) -> OpaquePointer {
    var statement: OpaquePointer?
    try check(sqlite3_prepare_v3(database, text, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil))
    guard let statement else { throw SQLFailure(sqlite: SQLITE_MISUSE, database: nil) }
    return statement
  }

  private func check(_ status: Int32) throws(SQLFailure) {
    guard status == SQLITE_OK else { throw SQLFailure(sqlite: status, database: database) }
    guard !isInterrupted.load(ordering: .relaxed) else { throw SQLFailure(sqlite: SQLITE_INTERRUPT, database: nil) }
  }
}
