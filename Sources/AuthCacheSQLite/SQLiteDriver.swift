internal import AuthCache
internal import AuthCacheSQL

/// Opens connections to one file.
struct SQLiteDriver: SQLDriver {
  let path: String
  let synchronous: SQLiteBackend.Configuration.Synchronous
  let busyTimeout: Duration

  var name: String { "sqlite" }
  var dialect: Dialect { .sqlite }

  func connect(_ role: ConnectionRole, statements: Statements) throws(SQLFailure) -> any SQLConnection {
    let connection = try SQLiteConnection(
      path: path, creates: role == .writer, busyTimeout: role == .impatientReader ? .zero : busyTimeout,
      leavesReadsOpen: role == .impatientReader, statements: statements)
    do throws(SQLFailure) {
      switch role {
      case .writer:
        try useWriteAheadLog(connection)
        try connection.execute("PRAGMA synchronous = \(synchronous.rawValue)")
      case .reader, .impatientReader:
        try connection.execute("PRAGMA query_only = 1")
        try connection.execute("PRAGMA cache_size = -16384")
      }
    } catch {
      connection.close()
      throw error
    }
    return connection
  }

  /// The change of mode needs the file to itself for a moment, and does not always wait for it.
  private func useWriteAheadLog(_ connection: SQLiteConnection) throws(SQLFailure) {
    let deadline = Monotonic.now + busyTimeout
    while true {
      do throws(SQLFailure) {
        return try connection.execute("PRAGMA journal_mode = WAL")
      } catch  where error.condition == .busy && .now < deadline {
        SQLiteConnection.pause()
      }
    }
  }
}

extension Dialect {
  static let sqlite = Dialect(
    kindType: "TEXT", digestType: "BLOB", integerType: "INTEGER", payloadType: "BLOB", tableOptions: "",
    rowName: "rowid")
}
