internal import Logging
internal import Metrics
internal import Synchronization

/// Keeps account of how an invalidation source is heard: counts, metrics, and one line of log where a series of failures
/// begins.
final class InvalidationRecord: Sendable {
  private struct State {
    var counts = InvalidationCounts()
    var since: Timestamp?
    var told = Told.nothing
  }

  private enum Told { case nothing, lost, back }

  private let state = Mutex(State())
  private let logger: Logger
  private let subscriptions = Counter(label: "\(MetricNames.cacheSourcePrefix).subscriptions")
  private let gaps = Counter(label: "\(MetricNames.cacheSourcePrefix).gaps")
  private let failures = Counter(label: "\(MetricNames.cacheSourcePrefix).failures")

  /// Who listened this long and then fails, begins a new series.
  private static let steady = Duration.seconds(60)

  init(logger: Logger) { self.logger = logger }

  var counts: InvalidationCounts { state.withLock { $0.counts } }

  func noteSubscription(at now: Timestamp) {
    let isBack = state.withLock { state in
      state.counts.subscriptions += 1
      state.since = now
      guard state.told == .lost else { return false }
      state.told = .back
      return true
    }
    subscriptions.increment()
    if isBack { logger.notice("the invalidation source is heard again") }
  }

  func noteGap() {
    state.withLock { $0.counts.gaps += 1 }
    gaps.increment()
  }

  /// - Parameter error: why it ended; nil if it just did.
  func noteFailure(_ error: AuthCacheError?, at now: Timestamp) {
    let isFirst = state.withLock { state in
      state.counts.failures += 1
      if let since = state.since, since.duration(to: now) >= Self.steady { state.told = .nothing }
      state.since = nil
      guard state.told == .nothing else { return false }
      state.told = .lost
      return true
    }
    failures.increment()
    guard isFirst else { return }
    let reason = error?.description ?? "it ended"
    logger.warning(
      "the invalidation source is not heard, and is tried again; what is cached stays as short as without one",
      metadata: ["error": "\(reason)"])
  }
}
