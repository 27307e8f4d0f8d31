/// A hash table of records by one of their digests, made for keys that are random already.
///
/// A record stays at the position it was given, so that other indexes may refer to it by that. The buckets hold 32 bits
/// of hash beside the position, in one word: a lookup reads one bucket as a rule and compares one digest, and growing
/// touches no record at all. Collisions go to the next bucket (linear probing), and a removal moves back what had to
/// step aside, so there are no tombstones.
struct RecordTable: Sendable {
  /// Which digest the records are found by.
  let field: Lookup.Field
  private var buckets: [Bucket] = []
  private var records: [Record?] = []
  private var vacant: [UInt32] = []

  init(by field: Lookup.Field) { self.field = field }

  /// How many records there are.
  var count: Int { records.count - vacant.count }

  /// Whether the next insertion makes the table grow. It is at most three quarters full.
  var isFull: Bool { count * 4 >= buckets.count * 3 }

  /// Every record, in no order.
  var all: some Sequence<Record> { records.lazy.compactMap { $0 } }

  /// The record at `position`, if that is taken.
  subscript(position: Int) -> Record? { records[position] }

  /// The record of `kind` with `digest`.
  subscript(kind: RecordKind, digest: RecordDigest) -> Record? {
    guard let bucket = bucket(of: kind, digest) else { return nil }
    return records[buckets[bucket].position]
  }

  /// Where the record of `kind` with `digest` is.
  func position(of kind: RecordKind, _ digest: RecordDigest) -> Int? {
    bucket(of: kind, digest).map { buckets[$0].position }
  }

  /// Adds `record`, which has such a digest, and no other of its kind has the same.
  ///
  /// - Returns: its position.
  @discardableResult
  mutating func insert(_ record: Record) -> Int {
    guard let digest = record.digest(under: field) else { preconditionFailure("the record has no such digest") }
    if isFull { grow() }
    let position: Int
    if let reused = vacant.popLast() {
      position = Int(reused)
      records[position] = record
    } else {
      position = records.count
      records.append(record)
    }
    link(Bucket(hash: Self.hash(digest), position: position))
    return position
  }

  /// Puts another record of the same kind and with the same digest at `position`.
  mutating func update(_ position: Int, to record: Record) { records[position] = record }

  /// Takes away the record of `kind` with `digest`.
  ///
  /// - Returns: the position that is vacant now.
  @discardableResult
  mutating func remove(_ kind: RecordKind, _ digest: RecordDigest) -> Int? {
    guard let bucket = bucket(of: kind, digest) else { return nil }
    let position = buckets[bucket].position
    records[position] = nil
    vacant.append(UInt32(truncatingIfNeeded: position))
    unlink(bucket)
    return position
  }

  /// Before a full table grows, takes away every record that `isUnwanted`, and lets it grow unless that helped much.
  ///
  /// So a record is looked at once per doubling, and the table does not grow because of what nobody wants. Positions
  /// change.
  mutating func makeRoom(dropping isUnwanted: (Record) -> Bool) {
    guard isFull else { return }
    let old = self
    self = RecordTable(by: field)
    for case let record? in old.records where !isUnwanted(record) { insert(record) }
    if count * 2 > old.count, buckets.count <= old.buckets.count { grow() }
  }
}

extension RecordTable {
  /// A hash and a position in one word; zero is empty.
  private struct Bucket: Sendable {
    private let word: UInt64

    init(hash: UInt32, position: Int) { word = UInt64(hash) << 32 | UInt64(truncatingIfNeeded: position + 1) }
    private init(word: UInt64) { self.word = word }

    static var empty: Bucket { Bucket(word: 0) }

    var isEmpty: Bool { word == 0 }
    var hash: UInt32 { UInt32(truncatingIfNeeded: word >> 32) }
    var position: Int { Int(truncatingIfNeeded: word & 0xFFFF_FFFF) - 1 }
  }

  /// A digest is random already; folding and one multiplication are for those that a test made up.
  private static func hash(_ digest: RecordDigest) -> UInt32 {
    let words = digest.words
    let folded = words.0 ^ words.1 ^ words.2 ^ words.3
    return UInt32(truncatingIfNeeded: (folded &* 0x9E37_79B9_7F4A_7C15) >> 32)
  }

  private var mask: Int { buckets.count - 1 }

  private func bucket(of kind: RecordKind, _ digest: RecordDigest) -> Int? {
    guard !buckets.isEmpty else { return nil }
    let hash = Self.hash(digest)
    var index = Int(hash) & mask
    while true {
      let bucket = buckets[index]
      if bucket.isEmpty { return nil }
      if bucket.hash == hash, let record = records[bucket.position], record.digest(under: field) == digest,
        record.kind == kind
      {
        return index
      }
      index = (index + 1) & mask
    }
  }

  private mutating func link(_ bucket: Bucket) {
    var index = Int(bucket.hash) & mask
    while !buckets[index].isEmpty { index = (index + 1) & mask }
    buckets[index] = bucket
  }

  private mutating func unlink(_ index: Int) {
    var hole = index
    var next = (hole + 1) & mask
    while !buckets[next].isEmpty {
      let home = Int(buckets[next].hash) & mask
      // It may move back if its home is not between the hole and itself.
      if (next - home) & mask >= (next - hole) & mask {
        buckets[hole] = buckets[next]
        hole = next
      }
      next = (next + 1) & mask
    }
    buckets[hole] = .empty
  }

  private mutating func grow() {
    let old = buckets
    buckets = [Bucket](repeating: .empty, count: max(8, old.count * 2))
    for bucket in old where !bucket.isEmpty { link(bucket) }
  }
}

extension Record {
  /// The digest that a lookup by `field` finds this record by.
  func digest(under field: Lookup.Field) -> RecordDigest? {
    switch field {
    case .id: digest
    case .accessToken: relations?[.accessToken]
    case .refreshToken: relations?[.refreshToken]
    }
  }
}
