/// The one source of time: what is live, when a sweep runs and how long a delay lasts are all read from it.
///
/// Every backend, layer and service takes a clock; none asks the system or the database for the time. Use
/// ``SystemClock`` in a server and ``VirtualClock`` in tests.
public protocol AuthCacheClock: Sendable {
  /// The current instant. Never decreases within a process.
  var now: Timestamp { get }

  /// A cheaper reading that is never earlier than `now` and at most a few milliseconds later.
  ///
  /// What is judged by it may end a little early and never late. One operation of one backend uses either this or
  /// `now`, and always the same one, so that no record flickers.
  var coarseNow: Timestamp { get }

  /// Returns when `now` has reached `deadline`, at once if it has already.
  ///
  /// - Throws: `CancellationError` if the task is cancelled first.
  func sleep(until deadline: Timestamp) async throws
}

extension AuthCacheClock {
  public var coarseNow: Timestamp { now }

  /// Sleeps until `duration` has passed on this clock.
  public func sleep(for duration: Duration) async throws { try await sleep(until: now + duration) }
}
