internal import Metrics
internal import Synchronization

/// Hands the counts of one kind on to swift-metrics.
///
/// A hit is counted where it happens, under a lock that is held anyway; every so often the difference goes to the
/// metrics system, and all of it on close. So a hit pays for no counter of the metrics system, and the sums are exact.
struct CacheMetrics: ~Copyable, Sendable {
  private let counters: [Counter]
  private let published = Mutex(CacheCounts())
  private let next = Atomic<Int64>(.min)

  /// A miss that comes this much after the last publication publishes.
  private static let interval: Int64 = 1_000

  init(of kind: RecordKind) {
    counters = CacheCounts.names.map { name in
      Counter(label: "\(MetricNames.cachePrefix).\(name)", dimensions: [("kind", kind.rawValue)])
    }
  }

  /// Whether it is time to ``publish(_:at:)``.
  borrowing func isDue(at now: Timestamp) -> Bool {
    next.load(ordering: .relaxed) <= now.millisecondsSinceEpoch
  }

  /// Adds to each counter what came since the last time.
  borrowing func publish(_ counts: () -> CacheCounts, at now: Timestamp) {
    next.store(now.millisecondsSinceEpoch &+ Self.interval, ordering: .relaxed)
    published.withLock { published in
      let counts = counts()
      // In the order of the names, one by one: a hit may be the one that publishes, and allocates nothing.
      add(counts.hits - published.hits, to: 0)
      add(counts.negativeHits - published.negativeHits, to: 1)
      add(counts.misses - published.misses, to: 2)
      add(counts.loads - published.loads, to: 3)
      add(counts.evictions - published.evictions, to: 4)
      add(counts.expirations - published.expirations, to: 5)
      add(counts.invalidations - published.invalidations, to: 6)
      published = counts
    }
  }

  private borrowing func add(_ count: Int, to counter: Int) {
    if count > 0 { counters[counter].increment(by: count) }
  }
}
