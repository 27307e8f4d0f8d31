internal import AuthCache
internal import CMariaDB

/// The parameters of one statement, in memory that stays where it is: small values in slots of their own, the payload
/// where its owner has it.
final class MySQLParameters {
  private let binds: UnsafeMutablePointer<MYSQL_BIND>
  private let slots: UnsafeMutableRawPointer
  private let lengths: UnsafeMutablePointer<UInt>
  private let nulls: UnsafeMutablePointer<my_bool>
  /// For each parameter of the text, where it stands among the places of the statement.
  private let places: [[Int]]
  let count: Int

  private static let slot = RecordDigest.byteCount

  /// - Parameter order: For each place of the statement, which parameter it is.
  init(order: [Int]) {
    count = order.count
    places = (0...(order.max() ?? 0)).map { parameter in order.indices.filter { order[$0] == parameter } }
    let capacity = max(1, count)
    binds = .allocate(capacity: capacity)
    binds.initialize(repeating: MYSQL_BIND(), count: capacity)
    slots = .allocate(byteCount: capacity * Self.slot, alignment: 8)
    lengths = .allocate(capacity: capacity)
    lengths.initialize(repeating: 0, count: capacity)
    nulls = .allocate(capacity: capacity)
    nulls.initialize(repeating: 0, count: capacity)
    for place in 0..<count {
      binds[place].length = lengths + place
      binds[place].is_null = nulls + place
    }
  }

  deinit {
    binds.deallocate()
    slots.deallocate()
    lengths.deallocate()
    nulls.deallocate()
  }

  func setNull(_ parameter: Int) {
    for place in places[parameter] {
      nulls[place] = 1
      binds[place].buffer_type = MYSQL_TYPE_NULL
    }
  }

  func set(_ integer: Int64, _ parameter: Int) {
    for place in places[parameter] {
      (slots + place * Self.slot).storeBytes(of: integer, as: Int64.self)
      use(slots + place * Self.slot, MYSQL_TYPE_LONGLONG, 8, at: place)
    }
  }

  func set(_ digest: RecordDigest, _ parameter: Int) {
    for place in places[parameter] { set(digest, place: place) }
  }

  func set(_ text: RecordKind, _ parameter: Int) {
    var value = text.rawValue
    value.withUTF8 { bytes in
      for place in places[parameter] {
        UnsafeMutableRawBufferPointer(start: slots + place * Self.slot, count: Self.slot).copyBytes(from: bytes)
        use(slots + place * Self.slot, MYSQL_TYPE_STRING, bytes.count, at: place)
      }
    }
  }

  /// A list stands in as many places as it may have elements; the last one fills what is left.
  func set(_ digests: [RecordDigest], _ parameter: Int) {
    for (index, place) in places[parameter].enumerated() {
      guard let digest = index < digests.count ? digests[index] : digests.last else { continue }
      set(digest, place: place)
    }
  }

  /// The bytes must stay where they are until the statement has been executed.
  func set(_ bytes: UnsafeRawBufferPointer, _ parameter: Int) {
    for place in places[parameter] {
      // A null pointer would not be read even for no bytes.
      let start = bytes.baseAddress.map { UnsafeMutableRawPointer(mutating: $0) } ?? slots + place * Self.slot
      use(start, MYSQL_TYPE_LONG_BLOB, bytes.count, at: place)
    }
  }

  /// - Returns: whether the client library took them.
  func bind(to statement: UnsafeMutablePointer<MYSQL_STMT>) -> Bool {
    count == 0 || mysql_stmt_bind_param(statement, binds) == 0
  }

  private func set(_ digest: RecordDigest, place: Int) {
    digest.withUnsafeBytes {
      UnsafeMutableRawBufferPointer(start: slots + place * Self.slot, count: Self.slot).copyMemory(from: $0)
    }
    use(slots + place * Self.slot, MYSQL_TYPE_BLOB, Self.slot, at: place)
  }

  private func use(_ start: UnsafeMutableRawPointer, _ type: enum_field_types, _ length: Int, at place: Int) {
    binds[place].buffer = start
    binds[place].buffer_type = type
    binds[place].buffer_length = UInt(length)
    lengths[place] = UInt(length)
    nulls[place] = 0
  }
}
