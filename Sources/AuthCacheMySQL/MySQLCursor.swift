internal import AuthCache
internal import AuthCacheSQL
internal import CMariaDB

/// One prepared statement.
final class MySQLCursor: SQLCursor {
  private let statement: UnsafeMutablePointer<MYSQL_STMT>
  private unowned let connection: MySQLConnection
  private let parameters: MySQLParameters
  private let writes: Bool
  /// What many rows are gathered in; nil for a statement that takes one.
  private var rows: MySQLRows?
  private var results: MySQLResults?
  private var hasResult = false
  private(set) var changes = 0

  /// Takes over `statement`.
  init(
    _ statement: UnsafeMutablePointer<MYSQL_STMT>, order: [Int], takesRows: Bool, writes: Bool,
    on connection: MySQLConnection
  ) {
    self.statement = statement
    self.connection = connection
    self.writes = writes
    parameters = MySQLParameters(order: order)
    rows = takesRows ? MySQLRows(columns: order.count) : nil
  }

  /// Ends the statement; the cursor is of no use afterwards.
  func finalize() { mysql_stmt_close(statement) }

  func bind(_ digest: RecordDigest?, at position: Int) {
    guard rows == nil else {
      if let digest {
        digest.withUnsafeBytes { rows?.append($0, MYSQL_TYPE_BLOB, to: position) }
      } else {
        rows?.append(nil, MYSQL_TYPE_BLOB, to: position)
      }
      return
    }
    if let digest { parameters.set(digest, position) } else { parameters.setNull(position) }
  }

  func bind(_ integer: Int64?, at position: Int) {
    guard rows == nil else {
      if let integer {
        withUnsafeBytes(of: integer) { rows?.append($0, MYSQL_TYPE_LONGLONG, to: position) }
      } else {
        rows?.append(nil, MYSQL_TYPE_LONGLONG, to: position)
      }
      return
    }
    if let integer { parameters.set(integer, position) } else { parameters.setNull(position) }
  }

  func bind(_ bytes: UnsafeRawBufferPointer, at position: Int) {
    guard rows == nil else {
      rows?.append(bytes, MYSQL_TYPE_LONG_BLOB, to: position)
      return
    }
    parameters.set(bytes, position)
  }

  func bind(_ kind: RecordKind, at position: Int) {
    guard rows == nil else {
      var text = kind.rawValue
      text.withUTF8 { rows?.append(UnsafeRawBufferPointer($0), MYSQL_TYPE_STRING, to: position) }
      return
    }
    parameters.set(kind, position)
  }

  func bind(_ digests: [RecordDigest], at position: Int) { parameters.set(digests, position) }

  func endRow() { rows?.endRow() }

  func send() throws(SQLFailure) {
    do throws(SQLFailure) {
      if let rows {
        try execute(rows)
      } else {
        guard parameters.bind(to: statement) else { throw connection.failure(of: statement, writes: false) }
        try execute()
      }
    } catch {
      finish()
      throw error
    }
  }

  private func execute(_ rows: MySQLRows) throws(SQLFailure) {
    try connection.prepareToWait(writes: writes)
    guard let status = rows.bound(to: statement, { mysql_stmt_execute(statement) }), status == 0 else {
      throw connection.failure(of: statement, writes: writes)
    }
    changes = Int(clamping: mysql_stmt_affected_rows(statement))
  }

  private func execute() throws(SQLFailure) {
    try connection.prepareToWait(writes: writes)
    guard mysql_stmt_execute(statement) == 0 else { throw connection.failure(of: statement, writes: writes) }
    let columns = Int(mysql_stmt_field_count(statement))
    guard columns > 0 else {
      changes = connection.matchedRows ?? Int(clamping: mysql_stmt_affected_rows(statement))
      return
    }
    if results == nil { results = MySQLResults(of: statement, columns: columns) }
    guard results?.bind() == true, mysql_stmt_store_result(statement) == 0 else {
      let failure = connection.failure(of: statement, writes: writes)
      // A deadlock can come between the columns and the rows. The library goes on to expect rows, and the next
      // execution would wait for them in vain.
      statement.pointee.state = MYSQL_STMT_PREPARED
      statement.pointee.mysql.pointee.status = MYSQL_STATUS_READY
      throw failure
    }
    hasResult = true
  }

  func step() throws(SQLFailure) -> Bool {
    guard hasResult else { return false }
    switch mysql_stmt_fetch(statement) {
    case 0, MYSQL_DATA_TRUNCATED: return true
    case MYSQL_NO_DATA: return false
    default: throw connection.failure(of: statement, writes: false)
    }
  }

  func digest(at column: Int) throws(SQLFailure) -> RecordDigest? {
    guard let results else { throw Self.foreign }
    guard let digest = results.withBytes(column, { RecordDigest(bytes: $0) }) else { return nil }
    guard let digest else { throw Self.foreign }
    return digest
  }

  func integer(at column: Int) throws(SQLFailure) -> Int64? {
    guard let integer = results?.integer(column) else { throw Self.foreign }
    return integer
  }

  func bytes(at column: Int) throws(SQLFailure) -> [UInt8] {
    guard let bytes = results?.withBytes(column, { [UInt8]($0) }) else { throw Self.foreign }
    return bytes
  }

  func text(at column: Int) throws(SQLFailure) -> String {
    guard let text = results?.withBytes(column, { String(decoding: $0, as: UTF8.self) }) else { throw Self.foreign }
    return text
  }

  func finish() {
    if hasResult { mysql_stmt_free_result(statement) }
    hasResult = false
    if rows != nil { rows = MySQLRows(columns: parameters.count) }
  }

  private static let foreign = SQLFailure(
    .corrupt, condition: .confined, "a row holds what this library never writes: repair or remove it")
}
