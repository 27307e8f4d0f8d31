internal import AuthCache
internal import AuthCacheSQL
internal import CMariaDB

/// Where the columns of a row are put. What is longer than its place is fetched once more.
final class MySQLResults {
  private let statement: UnsafeMutablePointer<MYSQL_STMT>
  private let binds: UnsafeMutablePointer<MYSQL_BIND>
  private let buffers: UnsafeMutableRawPointer
  private let lengths: UnsafeMutablePointer<UInt>
  private let nulls: UnsafeMutablePointer<my_bool>
  private let count: Int

  private static let room = 1_024

  init(of statement: UnsafeMutablePointer<MYSQL_STMT>, columns: Int) {
    self.statement = statement
    count = columns
    binds = .allocate(capacity: columns)
    binds.initialize(repeating: MYSQL_BIND(), count: columns)
    buffers = .allocate(byteCount: columns * Self.room, alignment: 16)
    lengths = .allocate(capacity: columns)
    lengths.initialize(repeating: 0, count: columns)
    nulls = .allocate(capacity: columns)
    nulls.initialize(repeating: 0, count: columns)
    let fields = mysql_stmt_result_metadata(statement)
    for column in 0..<columns {
      let type = fields.flatMap { mysql_fetch_field_direct($0, UInt32(column)) }?.pointee.type
      let isInteger = type == MYSQL_TYPE_LONGLONG || type == MYSQL_TYPE_LONG
      binds[column].buffer_type = isInteger ? MYSQL_TYPE_LONGLONG : MYSQL_TYPE_BLOB
      binds[column].buffer = buffers + column * Self.room
      binds[column].buffer_length = UInt(isInteger ? 8 : Self.room)
      binds[column].length = lengths + column
      binds[column].is_null = nulls + column
    }
    mysql_free_result(fields)
  }

  deinit {
    binds.deallocate()
    buffers.deallocate()
    lengths.deallocate()
    nulls.deallocate()
  }

  func bind() -> Bool { mysql_stmt_bind_result(statement, binds) == 0 }

  /// Nil where the column is NULL.
  func integer(_ column: Int) -> Int64?? {
    guard nulls[column] == 0 else { return .some(nil) }
    guard binds[column].buffer_type == MYSQL_TYPE_LONGLONG else { return nil }
    return (buffers + column * Self.room).load(as: Int64.self)
  }

  /// The bytes of the column, good until the next row; nil where it is NULL.
  func withBytes<Result>(_ column: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
    guard nulls[column] == 0, binds[column].buffer_type == MYSQL_TYPE_BLOB else { return nil }
    let length = Int(lengths[column])
    guard length > Self.room else {
      return body(UnsafeRawBufferPointer(start: buffers + column * Self.room, count: length))
    }
    let all = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 8)
    defer { all.deallocate() }
    var fetched = UInt(0)
    var isNull = my_bool(0)
    var bind = MYSQL_BIND()
    bind.buffer_type = MYSQL_TYPE_BLOB
    bind.buffer = all.baseAddress
    bind.buffer_length = UInt(length)
    let status = withUnsafeMutablePointer(to: &fetched) { fetched in
      withUnsafeMutablePointer(to: &isNull) { isNull in
        bind.length = fetched
        bind.is_null = isNull
        return mysql_stmt_fetch_column(statement, &bind, UInt32(column), 0)
      }
    }
    return status == 0 ? body(UnsafeRawBufferPointer(all)) : nil
  }
}
