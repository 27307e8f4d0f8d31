/// The labels under which this library counts, for whoever draws them.
public enum MetricNames {
  /// Counter, by `kind`: expired records that a sweep removed.
  public static let sweepRemoved = "authcache.sweep.removed"
  /// Counter: sweeps that failed.
  public static let sweepFailures = "authcache.sweep.failures"
  /// Timer: how long a sweep took.
  public static let sweepDuration = "authcache.sweep.duration"
  /// Counters, by `kind`: `authcache.cache.hits`, `.negative_hits`, `.misses`, `.loads`, `.evictions`, `.expirations`
  /// and `.invalidations`; what they count stands at ``CacheCounts``.
  public static let cachePrefix = "authcache.cache"
  /// Counters: `authcache.cache.source.subscriptions`, `.gaps` and `.failures`; what they count stands at
  /// ``InvalidationCounts``.
  public static let cacheSourcePrefix = "authcache.cache.source"
}
