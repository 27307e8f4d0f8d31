internal import Synchronization

/// What a cache did, counted exactly. Carries no key.
public struct CacheCounts: Hashable, Sendable {
  /// Loads answered with a record out of the cache.
  public var hits = 0
  /// Loads answered out of the cache that there is no such record.
  public var negativeHits = 0
  /// Loads that the cache could not answer.
  public var misses = 0
  /// Calls of the delegate's `load` for a miss; fewer than the misses where several waited for one call.
  public var loads = 0
  /// Records that had to go because the cache was full.
  public var evictions = 0
  /// Records that left because their time in the cache was over.
  public var expirations = 0
  /// Records and absences dropped because of a write, here or announced, or of a gap.
  public var invalidations = 0

  /// Counts of nothing yet.
  public init() {}

  /// How many loads there were of kinds that are cached, by fields that are cached.
  public var requests: Int { hits + negativeHits + misses }

  /// What both did together.
  public static func + (a: CacheCounts, b: CacheCounts) -> CacheCounts {
    var sum = a
    sum.hits += b.hits
    sum.negativeHits += b.negativeHits
    sum.misses += b.misses
    sum.loads += b.loads
    sum.evictions += b.evictions
    sum.expirations += b.expirations
    sum.invalidations += b.invalidations
    return sum
  }

  /// The last part of each count's metric label.
  static let names = ["hits", "negative_hits", "misses", "loads", "evictions", "expirations", "invalidations"]
}

/// The counters off the path of a hit.
struct CacheCounters: ~Copyable, Sendable {
  let loads = Atomic(0)
  let evictions = Atomic(0)
  let expirations = Atomic(0)
  let invalidations = Atomic(0)
}
