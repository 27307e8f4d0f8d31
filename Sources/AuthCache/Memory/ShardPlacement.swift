/// Says which shard a digest falls into: the one of its leading bits, so that shards in order are digests in order.
struct ShardPlacement: Sendable {
  let count: Int
  private let shift: UInt64

  /// Rounds `count` up to a power of two, at most ``ShardSet/capacity``.
  init(atLeast count: Int) {
    let bits = (0..<6).first { 1 << $0 >= count } ?? 6
    self.count = 1 << bits
    shift = 64 - UInt64(bits)
  }

  var all: ShardSet { .first(count) }

  // A smart shift: by 64 it gives zero, which is the one shard there is then.
  func index(of digest: RecordDigest) -> Int { Int(truncatingIfNeeded: digest.words.0 >> shift) }

  func shard(of lookup: Lookup) -> ShardSet { ShardSet(index(of: lookup.digest)) }

  /// The shards in which `record` stands: that of its id and those of its aliases.
  func footprint(of record: Record) -> ShardSet {
    var footprint = ShardSet(index(of: record.digest))
    let aliases = record.aliases
    if let digest = aliases.accessToken { footprint.formUnion(ShardSet(index(of: digest))) }
    if let digest = aliases.refreshToken { footprint.formUnion(ShardSet(index(of: digest))) }
    return footprint
  }
}
