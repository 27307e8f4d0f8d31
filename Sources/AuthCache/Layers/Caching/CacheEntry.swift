internal import Synchronization

/// One record in the cache, or one remembered absence.
///
/// It stands in the tables of several shards, one for each digest that finds it, and in no lock of its own: what changes
/// is atomic. It begins pending, is published once, and is dead for good when it is dropped, so it does not matter in
/// which order the tables hear of it.
final class CacheEntry: Sendable {
  // What a hit touches stands first, side by side.

  /// Served while this lies in the future.
  private let deadline = Atomic<Int64>(CacheEntry.pending)
  /// How often it was read in the low bits, and the number of the last read above, where reads are numbered.
  private let reads = Atomic<UInt64>(0)
  /// The record; for an absence a stand-in with its kind and the digest that was looked up.
  let record: Record
  /// The field that was looked up, if this is an absence.
  let absentField: Lookup.Field?
  // Beside the field: eight bytes less are sixteen less to an allocator.
  private let residence = Atomic<Int32>(-1)
  /// When it was last read, kept only where records leave by idleness.
  private let lastRead: Atomic<Int64>

  private static var pending: Int64 { .min + 1 }
  private static var dead: Int64 { .min }

  init(_ record: Record, at now: Timestamp) {
    self.record = record
    absentField = nil
    lastRead = Atomic(now.millisecondsSinceEpoch)
  }

  /// An absence under `lookup`.
  init(absent lookup: Lookup, at now: Timestamp) {
    record = Record(
      kind: lookup.kind, digest: lookup.digest, revision: 0, createdAt: now, expiresAt: nil, payload: .empty)
    absentField = lookup.field
    lastRead = Atomic(now.millisecondsSinceEpoch)
  }

  var isAbsence: Bool { absentField != nil }

  /// Calls `body` with every lookup that it stands under.
  func forEachLookup(_ body: (Lookup) -> Void) {
    body(Lookup(kind: record.kind, field: absentField ?? .id, digest: record.digest))
    guard !isAbsence, let aliases = record.relations?.aliases else { return }
    if let digest = aliases.accessToken { body(Lookup(kind: record.kind, field: .accessToken, digest: digest)) }
    if let digest = aliases.refreshToken { body(Lookup(kind: record.kind, field: .refreshToken, digest: digest)) }
  }

  /// Whether a lookup by `field` with `digest` means this. The table has it among those of the kind only.
  @inline(__always)
  func isFound(by field: Lookup.Field, _ digest: RecordDigest) -> Bool {
    if let absentField { return absentField == field && record.digest == digest }
    return record.digest(under: field) == digest
  }

  /// Where ``CacheResidents`` keeps it, under whose lock this is used; negative before it has a place.
  var place: Int {
    get { Int(residence.load(ordering: .relaxed)) }
    set { residence.store(Int32(truncatingIfNeeded: newValue), ordering: .relaxed) }
  }

  // MARK: Life

  @inline(__always)
  func isServed(at now: Timestamp) -> Bool { deadline.load(ordering: .acquiring) > now.millisecondsSinceEpoch }

  /// When it leaves; in the distant past if it is pending or dead.
  var end: Timestamp { Timestamp(millisecondsSinceEpoch: deadline.load(ordering: .acquiring)) }

  /// Lets it be served until `instant`.
  ///
  /// - Returns: false if it was dropped before.
  func publish(until instant: Timestamp) -> Bool {
    deadline.compareExchange(
      expected: Self.pending, desired: instant.millisecondsSinceEpoch, ordering: .acquiringAndReleasing
    ).exchanged
  }

  /// Ends it for good.
  ///
  /// - Returns: true to the one who did.
  func drop() -> Bool { deadline.exchange(Self.dead, ordering: .acquiringAndReleasing) != Self.dead }

  var isDead: Bool { deadline.load(ordering: .acquiring) == Self.dead }

  // MARK: Use

  /// How many reads are told apart.
  private static var countMask: UInt64 { 0xFF_FFFF }
  /// Where counting stops to write when only a few reads matter: a record that is read all the time stays unwritten.
  private static var enough: UInt64 { 15 }

  /// Notes a read that only counts. Two at once may count as one.
  @inline(__always)
  func noteRead() {
    let seen = reads.load(ordering: .relaxed)
    if seen < Self.enough { reads.store(seen &+ 1, ordering: .relaxed) }
  }

  /// Notes that it came in as that number among the reads.
  func noteArrival(number: UInt64) { reads.store(number << 24, ordering: .relaxed) }

  /// Notes the read with that number.
  func noteRead(number: UInt64) {
    let count = min(reads.load(ordering: .relaxed) & Self.countMask + 1, Self.countMask)
    reads.store(number << 24 | count, ordering: .relaxed)
  }

  var readCount: Int { Int(reads.load(ordering: .relaxed) & Self.countMask) }
  var lastReadNumber: UInt64 { reads.load(ordering: .relaxed) >> 24 }

  /// The number of reads since this was asked the last time.
  func takeReads() -> Int {
    let seen = Int(reads.load(ordering: .relaxed) & Self.countMask)
    if seen > 0 { reads.store(0, ordering: .relaxed) }
    return seen
  }

  /// Notes when it was read.
  @inline(__always)
  func noteUse(at now: Timestamp) {
    if lastRead.load(ordering: .relaxed) < now.millisecondsSinceEpoch {
      lastRead.store(now.millisecondsSinceEpoch, ordering: .relaxed)
    }
  }

  func idleEnd(_ idle: Int64) -> Int64 { lastRead.load(ordering: .relaxed) &+ idle }
}
