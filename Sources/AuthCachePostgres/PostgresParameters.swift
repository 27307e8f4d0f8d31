internal import AuthCache

/// The parameters of one execution, in the binary form of the protocol
/// (https://www.postgresql.org/docs/15/protocol-message-formats.html).
struct PostgresParameters {
  private enum Value {
    case null
    case bytes(Range<Int>)
    case array(PostgresArray)
  }

  private var values: [Value] = []
  private var bytes: [UInt8] = []
  /// Statements that write many rows take an array for each column of a record.
  private let arrays: Int

  private static let types: [UInt32] = [25, 17, 17, 17, 17, 17, 17, 20, 20, 20, 17]

  init(count: Int, writesMany: Bool) {
    arrays = writesMany ? Self.types.count : 0
    values = Array(repeating: .null, count: count)
    bytes.reserveCapacity(writesMany ? 0 : 640)
    reset()
  }

  mutating func reset() {
    bytes.removeAll(keepingCapacity: true)
    for position in values.indices {
      values[position] = position < arrays ? .array(PostgresArray(type: Self.types[position])) : .null
    }
  }

  mutating func set(_ value: UnsafeRawBufferPointer?, at position: Int) {
    guard position >= arrays else {
      guard case .array(var array) = values[position] else { return }
      values[position] = .null
      array.append(value)
      values[position] = .array(array)
      return
    }
    guard let value else {
      values[position] = .null
      return
    }
    let start = bytes.count
    bytes.append(contentsOf: value)
    values[position] = .bytes(start..<bytes.count)
  }

  mutating func set(_ digests: [RecordDigest], at position: Int) {
    var array = PostgresArray(type: 17)
    array.reserve(digests.count * 36)
    for digest in digests { digest.withUnsafeBytes { array.append($0) } }
    values[position] = .array(array)
  }

  /// Calls `body` with what libpq takes: pointers, lengths and formats.
  func withPointers<Result>(
    _ body: (
      UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
    ) -> Result
  ) -> Result {
    // One piece of memory under everything, so that every pointer into it is good for the call; never empty, because a
    // pointer is wanted even for no bytes.
    var all = bytes
    var spans: [Range<Int>?] = []
    spans.reserveCapacity(values.count)
    for value in values {
      switch value {
      case .null: spans.append(nil)
      case .bytes(let range): spans.append(range)
      case .array(let array):
        let start = all.count
        array.write(to: &all)
        spans.append(start..<all.count)
      }
    }
    all.append(0)
    return all.withUnsafeBytes { buffer in
      withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: max(1, spans.count)) { pointers in
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: max(1, spans.count * 2)) { numbers in
          for (index, span) in spans.enumerated() {
            pointers[index] = span.flatMap { span in
              buffer.baseAddress.map { ($0 + span.lowerBound).assumingMemoryBound(to: CChar.self) }
            }
            numbers[index] = Int32(span?.count ?? 0)
            numbers[spans.count + index] = 1
          }
          return body(
            UnsafePointer(pointers.baseAddress), numbers.baseAddress.map { UnsafePointer($0) },
            numbers.baseAddress.map { UnsafePointer($0 + spans.count) })
        }
      }
    }
  }

  var count: Int { values.count }
}

/// An array of one dimension in binary form.
struct PostgresArray {
  private let type: UInt32
  private var count: Int32 = 0
  private var hasNull = false
  private var elements: [UInt8] = []

  /// - Parameter type: The object id of the elements' type (pg_type).
  init(type: UInt32) { self.type = type }

  mutating func reserve(_ bytes: Int) { elements.reserveCapacity(bytes) }

  mutating func append(_ element: UnsafeRawBufferPointer?) {
    count += 1
    guard let element else {
      hasNull = true
      Self.append(UInt32.max, to: &elements)
      return
    }
    Self.append(UInt32(element.count), to: &elements)
    elements.append(contentsOf: element)
  }

  func write(to bytes: inout [UInt8]) {
    for word in [count == 0 ? 0 : 1, hasNull ? 1 : 0, type] as [UInt32] { Self.append(word, to: &bytes) }
    guard count > 0 else { return }
    Self.append(UInt32(count), to: &bytes)
    Self.append(1, to: &bytes)
    bytes.append(contentsOf: elements)
  }

  private static func append(_ word: UInt32, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) }
  }
}
