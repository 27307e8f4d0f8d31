internal import AuthCache
internal import AuthCacheSQL
internal import CSQLite

extension SQLFailure {
  /// What a result code means (https://sqlite.org/rescode.html). Error texts of SQLite name tables and columns, never
  /// values.
  init(sqlite status: Int32, database: OpaquePointer?) {
    let meaning = Self.meaning(of: status)
    self.init(
      meaning.code, condition: meaning.condition, meaning.reason,
      detail: "SQLite \(status): " + String(cString: database.map { sqlite3_errmsg($0) } ?? sqlite3_errstr(status)))
  }

  private static func meaning(
    of status: Int32
  ) -> (code: AuthCacheError.Code, condition: Condition, reason: String) {
    switch status {
    case SQLITE_CONSTRAINT | 8 << 8, SQLITE_CONSTRAINT | 6 << 8:  // UNIQUE, PRIMARYKEY
      return (.conflict, .duplicate, "another live record holds one of the aliases")
    default: break
    }
    switch status & 0xFF {
    case SQLITE_BUSY, SQLITE_LOCKED:
      return (
        .timeout, .busy,
        "another process holds the lock of the database file: find it, or raise busyTimeout"
      )
    case SQLITE_CANTOPEN:
      return (
        .unavailable, .disconnected,
        "the database file can't be opened: see that its folder exists and that this user may write there"
      )
    case SQLITE_NOTADB:
      return (.corrupt, .disconnected, "the file is not a SQLite database: choose another path")
    case SQLITE_CORRUPT:
      return (.corrupt, .disconnected, "the database file is damaged: restore it from a backup")
    case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH:
      return (
        .unavailable, .broken, "the database file or its folder can't be written: give this user the right to write"
      )
    case SQLITE_FULL:
      return (.unavailable, .broken, "the disk or the database is full: make room and try again")
    case SQLITE_IOERR:
      return (.unavailable, .disconnected, "the disk failed: look at the system's log")
    case SQLITE_TOOBIG:
      return (.tooLarge, .confined, "the record is larger than SQLite takes")
    case SQLITE_CONSTRAINT:
      return (.invalidArgument, .confined, "the table has a constraint that this library does not know")
    case SQLITE_INTERRUPT:
      return (.unavailable, .broken, "the operation was interrupted")
    case SQLITE_ERROR:
      return (.unavailable, .confined, "the table is not what this library made: see that nobody changed it")
    default:
      return (.unavailable, .broken, "SQLite could not do it")
    }
  }
}
