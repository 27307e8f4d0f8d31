/// Some of the shards of a ``MemoryBackend``, iterated in ascending order: the order in which they are locked.
struct ShardSet: Hashable, Sendable, Sequence {
  private(set) var bits: UInt64

  init(bits: UInt64 = 0) { self.bits = bits }

  /// The most shards there can be.
  static let capacity = UInt64.bitWidth

  /// The one shard at `index`.
  init(_ index: Int) { self.init(bits: 1 << UInt64(index)) }

  /// The shards from zero up to `count`.
  static func first(_ count: Int) -> ShardSet { ShardSet(bits: ~0 >> UInt64(capacity - count)) }

  var count: Int { bits.nonzeroBitCount }

  /// How many of these shards come before the one at `index`.
  func rank(of index: Int) -> Int { (bits & ((1 << UInt64(index)) - 1)).nonzeroBitCount }

  var first: Int? { isEmpty ? nil : bits.trailingZeroBitCount }

  var isEmpty: Bool { bits == 0 }

  mutating func formUnion(_ other: ShardSet) { bits |= other.bits }

  func union(_ other: ShardSet) -> ShardSet { ShardSet(bits: bits | other.bits) }

  func subtracting(_ other: ShardSet) -> ShardSet { ShardSet(bits: bits & ~other.bits) }

  /// These shards without the first.
  func dropFirst() -> ShardSet { ShardSet(bits: bits & (bits &- 1)) }

  func makeIterator() -> Iterator { Iterator(bits: bits) }

  struct Iterator: IteratorProtocol {
    private(set) var bits: UInt64

    mutating func next() -> Int? {
      guard bits != 0 else { return nil }
      defer { bits &= bits - 1 }
      return bits.trailingZeroBitCount
    }
  }
}
