internal import AuthCache
internal import CMariaDB

/// Many rows for one statement, column by column, as MariaDB's bulk execution takes them
/// (https://mariadb.com/kb/en/bulk-insert-column-wise-binding/).
struct MySQLRows {
  private struct Column {
    var type = MYSQL_TYPE_NULL
    var bytes: [UInt8] = []
    /// Where each row's value lies; nil for NULL.
    var spans: [Range<Int>?] = []
  }

  private var columns: [Column]
  private(set) var count = 0

  init(columns: Int) { self.columns = Array(repeating: Column(), count: columns) }

  mutating func append(_ value: UnsafeRawBufferPointer?, _ type: enum_field_types, to column: Int) {
    guard let value else { return columns[column].spans.append(nil) }
    let start = columns[column].bytes.count
    columns[column].type = type
    columns[column].bytes.append(contentsOf: value)
    columns[column].spans.append(start..<columns[column].bytes.count)
  }

  mutating func endRow() { count += 1 }

  /// Binds all rows and calls `body`, during which the memory stays where it is.
  ///
  /// - Returns: nil if the client library does not take them.
  func bound<Result>(
    to statement: UnsafeMutablePointer<MYSQL_STMT>, _ body: () -> Result
  ) -> Result? {
    let arena = Arena(of: columns.map { ($0.bytes.count, count) })
    for (index, column) in columns.enumerated() { arena.fill(index, column) }
    var size = UInt32(count)
    guard mysql_stmt_attr_set(statement, STMT_ATTR_ARRAY_SIZE, &size) == 0,
      mysql_stmt_bind_param(statement, arena.binds) == 0
    else { return nil }
    return withExtendedLifetime(arena) { body() }
  }

  private final class Arena {
    let binds: UnsafeMutablePointer<MYSQL_BIND>
    private var memory: [UnsafeMutableRawPointer] = []
    private let rows: Int

    init(of columns: [(bytes: Int, rows: Int)]) {
      binds = .allocate(capacity: max(1, columns.count))
      binds.initialize(repeating: MYSQL_BIND(), count: max(1, columns.count))
      rows = columns.first?.rows ?? 0
    }

    deinit {
      binds.deallocate()
      for piece in memory { piece.deallocate() }
    }

    private func take<Element>(_ type: Element.Type, _ count: Int) -> UnsafeMutablePointer<Element> {
      let piece = UnsafeMutableRawPointer.allocate(
        byteCount: max(1, count * MemoryLayout<Element>.stride), alignment: 16)
      memory.append(piece)
      return piece.bindMemory(to: type, capacity: max(1, count))
    }

    func fill(_ index: Int, _ column: Column) {
      let bytes = take(UInt8.self, column.bytes.count)
      UnsafeMutableRawBufferPointer(start: bytes, count: column.bytes.count).copyBytes(from: column.bytes)
      let indicators = take(CChar.self, rows)
      let lengths = take(UInt.self, rows)
      for (row, span) in column.spans.enumerated() {
        indicators[row] = CChar(span == nil ? STMT_INDICATOR_NULL.rawValue : STMT_INDICATOR_NONE.rawValue)
        lengths[row] = UInt(span?.count ?? 0)
      }
      binds[index].u.indicator = indicators
      binds[index].length = lengths
      // All rows NULL: of what type does not matter.
      binds[index].buffer_type = column.type == MYSQL_TYPE_NULL ? MYSQL_TYPE_BLOB : column.type
      if column.type == MYSQL_TYPE_LONGLONG {
        let integers = take(Int64.self, rows)
        for (row, span) in column.spans.enumerated() {
          integers[row] = span.map { UnsafeRawPointer(bytes + $0.lowerBound).loadUnaligned(as: Int64.self) } ?? 0
        }
        binds[index].buffer = UnsafeMutableRawPointer(integers)
      } else {
        let pointers = take(UnsafeMutablePointer<UInt8>?.self, rows)
        for (row, span) in column.spans.enumerated() { pointers[row] = bytes + (span?.lowerBound ?? 0) }
        binds[index].buffer = UnsafeMutableRawPointer(pointers)
      }
    }
  }
}
