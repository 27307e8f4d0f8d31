internal import AuthCache
internal import AuthCacheSQL

/// Opens connections to one file.
struct SQLiteDriver: SQLDriver {
  private let path: String
  private let synchronous: SQLiteBackend.Configuration.Synchronous
  private let busyTimeout: Duration
  private let statements: Statements

  init(
    path: String, layout: TableLayout, synchronous: SQLiteBackend.Configuration.Synchronous, busyTimeout: Duration
  ) {
    self.path = path
    self.synchronous = synchronous
    self.busyTimeout = busyTimeout
    statements = Statements(layout, dialect: SQLiteDialect())
  }

  var name: String { "sqlite" }
  var dialect: any Dialect { SQLiteDialect() }
  var traits: SQLTraits { SQLiteConnection.traits }

  func connect(_ role: ConnectionRole) throws(SQLFailure) -> any SQLConnection {
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
      } catch {
        guard error.condition == .busy, .now < deadline else { throw error }
        SQLiteConnection.pause()
      }
    }
  }
}

struct SQLiteDialect: Dialect {
  var kindType: String { "TEXT" }
  var digestType: String { "BLOB" }
  var integerType: String { "INTEGER" }
  var payloadType: String { "BLOB" }

  func announcing(_ layout: TableLayout) -> [String] {
    let log = ChangeLog.name(beside: layout.base.rawValue)
    let table =
      "CREATE TABLE IF NOT EXISTS \(log) (\n  id INTEGER PRIMARY KEY,\n  kind TEXT NOT NULL,\n"
      + "  digest BLOB NOT NULL,\n  access_token_digest BLOB,\n  refresh_token_digest BLOB\n)"
    return [table] + ChangeLog.triggers(layout) { "\($0) ON \($1) BEGIN \($2); END" }
  }

  func sweep(_ table: String) -> String {
    "DELETE FROM \(table) WHERE expires_at <= ?1 AND rowid IN "
      + "(SELECT rowid FROM \(table) WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2) RETURNING kind"
  }
}
