internal import AuthCache
internal import AuthCacheSQL
internal import CSQLite

/// One prepared statement. Small parameters are copied into a buffer of its own, so that binding allocates nothing.
final class SQLiteCursor: SQLCursor {
  private let statement: OpaquePointer
  private unowned let connection: SQLiteConnection
  private let buffer: UnsafeMutableRawPointer
  private var holdsBytes = false
  /// What `send` has found and `step` has yet to tell.
  private var firstStep: Bool?

  private static let slot = RecordDigest.byteCount

  /// Takes over `statement`.
  init(_ statement: OpaquePointer, on connection: SQLiteConnection) {
    self.statement = statement
    self.connection = connection
    let slots = max(1, Int(sqlite3_bind_parameter_count(statement)))
    buffer = .allocate(byteCount: slots * Self.slot, alignment: 8)
  }

  deinit { buffer.deallocate() }

  /// Ends the statement; the cursor is of no use afterwards.
  func finalize() { sqlite3_finalize(statement) }

  func bind(_ digest: RecordDigest?, at position: Int) {
    guard let digest else { return bindNull(at: position) }
    let place = buffer + position * Self.slot
    digest.withUnsafeBytes { place.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(place), byteCount: Self.slot) }
    sqlite3_bind_blob(statement, Int32(position + 1), place, Int32(Self.slot), nil)
  }

  func bind(_ integer: Int64?, at position: Int) {
    guard let integer else { return bindNull(at: position) }
    sqlite3_bind_int64(statement, Int32(position + 1), integer)
  }

  func bind(_ bytes: UnsafeRawBufferPointer, at position: Int) {
    guard let start = bytes.baseAddress, !bytes.isEmpty else {
      // A null pointer would be NULL, which is not the same as no bytes.
      sqlite3_bind_zeroblob(statement, Int32(position + 1), 0)
      return
    }
    holdsBytes = true
    sqlite3_bind_blob64(statement, Int32(position + 1), start, UInt64(bytes.count), nil)
  }

  func bind(_ kind: RecordKind, at position: Int) {
    let place = buffer + position * Self.slot
    var text = kind.rawValue
    let count = text.withUTF8 { utf8 in
      UnsafeMutableRawBufferPointer(start: place, count: Self.slot).copyBytes(from: utf8.prefix(Self.slot))
      return utf8.count
    }
    sqlite3_bind_text(statement, Int32(position + 1), place.assumingMemoryBound(to: CChar.self), Int32(count), nil)
  }

  /// The engine loops over a statement for one digest: nothing here takes many.
  func bind(_ digests: [RecordDigest], at position: Int) { bind(digests.first, at: position) }

  func endRow() {}

  private func bindNull(at position: Int) { sqlite3_bind_null(statement, Int32(position + 1)) }

  func send() throws(SQLFailure) {
    do throws(SQLFailure) {
      firstStep = try connection.step(statement)
    } catch {
      end()
      throw error
    }
  }

  func step() throws(SQLFailure) -> Bool {
    if let first = firstStep {
      firstStep = nil
      return first
    }
    return try connection.step(statement)
  }

  var changes: Int { connection.changes }

  func digest(at column: Int) throws(SQLFailure) -> RecordDigest? {
    switch sqlite3_column_type(statement, Int32(column)) {
    case SQLITE_NULL: return nil
    case SQLITE_BLOB:
      guard let start = sqlite3_column_blob(statement, Int32(column)),
        let digest = RecordDigest(
          bytes: UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, Int32(column)))))
      else { throw Self.foreign }
      return digest
    default: throw Self.foreign
    }
  }

  func integer(at column: Int) throws(SQLFailure) -> Int64? {
    switch sqlite3_column_type(statement, Int32(column)) {
    case SQLITE_NULL: return nil
    case SQLITE_INTEGER: return sqlite3_column_int64(statement, Int32(column))
    default: throw Self.foreign
    }
  }

  func bytes(at column: Int) throws(SQLFailure) -> [UInt8] {
    guard sqlite3_column_type(statement, Int32(column)) == SQLITE_BLOB else { throw Self.foreign }
    let start = sqlite3_column_blob(statement, Int32(column))
    return [UInt8](UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, Int32(column)))))
  }

  func text(at column: Int) throws(SQLFailure) -> String {
    guard sqlite3_column_type(statement, Int32(column)) == SQLITE_TEXT,
      let start = sqlite3_column_text(statement, Int32(column))
    else { throw Self.foreign }
    let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, Int32(column))))
    return String(decoding: bytes, as: UTF8.self)
  }

  func finish() {
    if !connection.leaveOpen(self) { end() }
  }

  /// Ends the read or the write, and with it the transaction if it was alone in that.
  func end() {
    firstStep = nil
    sqlite3_reset(statement)
    guard holdsBytes else { return }
    sqlite3_clear_bindings(statement)
    holdsBytes = false
  }

  private static let foreign = SQLFailure(
    .corrupt, condition: .confined, "a row holds what this library never writes: repair or remove it")
}
