internal import Synchronization

/// Tells a fill that began before a write to what it read.
///
/// One sequence counts the writes of this process; beside it stands, for a hash of each digest, the number of the last
/// write that concerned it. A fill notes the sequence before it asks the delegate, and what it got is kept only if no
/// digest of it was written since. Two digests that share a place cost a fill, never an error.
final class WriteGenerations: Sendable {
  private let sequence = Atomic<UInt64>(0)
  private let floor = Atomic<UInt64>(0)
  private let places: AtomicWords

  /// A power of two.
  private static let count = 4_096

  init() { places = AtomicWords(count: Self.count) }

  /// What a fill that begins now compares with afterwards.
  var current: UInt64 { sequence.load(ordering: .sequentiallyConsistent) }

  /// A write, or news of one, concerns `digest`.
  func bump(_ digest: RecordDigest) {
    let number = sequence.add(1, ordering: .sequentiallyConsistent).newValue
    places.raise(place(of: digest), to: number)
  }

  /// Anything may have been written.
  func bumpAll() {
    let number = sequence.add(1, ordering: .sequentiallyConsistent).newValue
    floor.max(number, ordering: .sequentiallyConsistent)
  }

  /// No fill is kept from now on, whenever it began.
  func end() {
    sequence.add(1, ordering: .sequentiallyConsistent)
    // Not the greatest of all: in Swift 6.3.1 `Atomic.max` compares unsigned words as if they were signed.
    floor.store(UInt64(Int64.max), ordering: .sequentiallyConsistent)
  }

  /// Whether `digest` has not been written since `begin`.
  func isUntouched(_ digest: RecordDigest, since begin: UInt64) -> Bool {
    places.load(place(of: digest)) <= begin && floor.load(ordering: .sequentiallyConsistent) <= begin
  }

  /// Whether nothing that `record` is found by or revoked with has been written since `begin`.
  func isUntouched(_ record: Record, since begin: UInt64) -> Bool {
    guard isUntouched(record.digest, since: begin) else { return false }
    guard let relations = record.relations else { return true }
    return isUntouched(relations[.accessToken], since: begin)
      && isUntouched(relations[.refreshToken], since: begin)
      && isUntouched(relations[.subject], since: begin)
      && isUntouched(relations[.providerSession], since: begin)
      && isUntouched(relations[.grant], since: begin)
  }

  private func isUntouched(_ digest: RecordDigest?, since begin: UInt64) -> Bool {
    guard let digest else { return true }
    return places.load(place(of: digest)) <= begin
  }

  private func place(of digest: RecordDigest) -> Int {
    Int(truncatingIfNeeded: digest.mixed >> 8) & (Self.count - 1)
  }
}

/// A fixed number of words that any thread may read and raise.
private struct AtomicWords: ~Copyable, @unchecked Sendable {
  // Sendable: the pointer never changes, and the words are atomics.
  private let words: UnsafeMutablePointer<Atomic<UInt64>>
  private let bytes: UnsafeMutableRawPointer

  init(count: Int) {
    // An atomic word is a word: all of them begin as zero at once.
    bytes = .allocate(byteCount: count * MemoryLayout<Atomic<UInt64>>.stride, alignment: 64)
    bytes.initializeMemory(as: UInt64.self, repeating: 0, count: count)
    words = bytes.assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  deinit { bytes.deallocate() }

  borrowing func load(_ index: Int) -> UInt64 { words[index].load(ordering: .sequentiallyConsistent) }

  borrowing func raise(_ index: Int, to value: UInt64) {
    words[index].max(value, ordering: .sequentiallyConsistent)
  }
}
