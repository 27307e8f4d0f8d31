/// A hash table from digests to the entries of one kind. One entry may stand in it, and in others, several times.
///
/// A bucket is a hash and a reference, side by side; a lookup reads one bucket as a rule. Collisions go to the next
/// bucket, and a removal moves back what had to step aside, so there are no tombstones.
struct EntryTable: ~Copyable {
  private struct Bucket {
    var hash: UInt64
    // Retained by the table; read without counting, under the lock of the shard.
    var entry: Unmanaged<CacheEntry>?
  }

  private var buckets: [Bucket] = []
  private(set) var count = 0

  deinit { for bucket in buckets { bucket.entry?.release() } }

  private static func hash(_ field: Lookup.Field, _ digest: RecordDigest) -> UInt64 {
    let salt: UInt64 =
      switch field {
      case .id: 0
      case .accessToken: 0x9E6C_63D0_876A_3F6B
      case .refreshToken: 0xC3A5_C85C_97CB_3127
      }
    return digest.mixed ^ salt
  }

  /// Calls `body` with the entry under `field`, which is valid during the call only.
  @inline(__always)
  borrowing func withEntry<Result>(
    _ field: Lookup.Field, _ digest: RecordDigest, _ body: (CacheEntry) -> Result
  ) -> Result? {
    guard let index = index(of: field, digest) else { return nil }
    return buckets[index].entry?._withUnsafeGuaranteedRef(body)
  }

  /// Puts `entry` under `field`.
  ///
  /// - Returns: what stood there.
  mutating func insert(_ entry: CacheEntry, under lookup: Lookup) -> CacheEntry? {
    let added = Unmanaged.passRetained(entry)
    if let index = index(of: lookup.field, lookup.digest) {
      let replaced = buckets[index].entry?.takeRetainedValue()
      buckets[index].entry = added
      return replaced
    }
    if (count + 1) * 5 > buckets.count * 4 { grow() }
    link(Bucket(hash: Self.hash(lookup.field, lookup.digest), entry: added))
    count += 1
    return nil
  }

  /// Takes away what stands under `lookup`, if `entry` is nil or stands there.
  mutating func remove(_ entry: CacheEntry? = nil, under lookup: Lookup) -> CacheEntry? {
    guard let index = index(of: lookup.field, lookup.digest), let held = buckets[index].entry else { return nil }
    if let entry, held.toOpaque() != Unmanaged.passUnretained(entry).toOpaque() { return nil }
    unlink(index)
    count -= 1
    return held.takeRetainedValue()
  }

  /// Takes everything away.
  mutating func removeAll() -> [CacheEntry] {
    let entries = buckets.compactMap { $0.entry?.takeRetainedValue() }
    buckets = []
    count = 0
    return entries
  }

  /// Every entry that `isWanted`, as often as it stands here.
  borrowing func entries(where isWanted: (CacheEntry) -> Bool) -> [CacheEntry] {
    buckets.compactMap { bucket in
      guard let entry = bucket.entry, entry._withUnsafeGuaranteedRef(isWanted) else { return nil }
      return entry.takeUnretainedValue()
    }
  }

  private var mask: Int { buckets.count - 1 }

  @inline(__always)
  private borrowing func index(of field: Lookup.Field, _ digest: RecordDigest) -> Int? {
    guard !buckets.isEmpty else { return nil }
    let hash = Self.hash(field, digest)
    var index = Int(truncatingIfNeeded: hash) & mask
    while let entry = buckets[index].entry {
      if buckets[index].hash == hash, entry._withUnsafeGuaranteedRef({ $0.isFound(by: field, digest) }) { return index }
      index = (index + 1) & mask
    }
    return nil
  }

  private mutating func link(_ bucket: Bucket) {
    var index = Int(truncatingIfNeeded: bucket.hash) & mask
    while buckets[index].entry != nil { index = (index + 1) & mask }
    buckets[index] = bucket
  }

  private mutating func unlink(_ index: Int) {
    var hole = index
    var next = (hole + 1) & mask
    while buckets[next].entry != nil {
      let home = Int(truncatingIfNeeded: buckets[next].hash) & mask
      // It may move back if its home is not between the hole and itself.
      if (next - home) & mask >= (next - hole) & mask {
        buckets[hole] = buckets[next]
        hole = next
      }
      next = (next + 1) & mask
    }
    buckets[hole].entry = nil
  }

  private mutating func grow() {
    let old = buckets
    buckets = [Bucket](repeating: Bucket(hash: 0, entry: nil), count: max(8, old.count * 2))
    for bucket in old where bucket.entry != nil { link(bucket) }
  }
}
