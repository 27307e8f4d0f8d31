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
    counters = CacheCounts().named.map { name, _ in
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
      for ((new, old), counter) in zip(zip(counts.named, published.named), counters) where new.count > old.count {
        counter.increment(by: new.count - old.count)
      }
      published = counts
    }
  }
}
