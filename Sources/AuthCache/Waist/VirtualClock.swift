internal import HeapModule
internal import Synchronization

/// A clock that stands still until it is told to advance. For tests.
///
/// It starts at the real time, because a store with its own expiry deletes at once what seems to lie in 1970, and it
/// only moves forward. `advance(by:)` wakes every sleeper whose deadline has come, in order of deadline.
public final class VirtualClock: AuthCacheClock {
  private struct State {
    var now: Timestamp
    var nextID: UInt64 = 0
    var sleepers: Heap<Sleeper> = []
    var waiting: [UInt64: CheckedContinuation<Void, any Error>] = [:]
    var cancelled: Set<UInt64> = []
  }

  private struct Sleeper: Comparable {
    let deadline: Timestamp
    let id: UInt64
    static func < (a: Sleeper, b: Sleeper) -> Bool { (a.deadline, a.id) < (b.deadline, b.id) }
  }

  private let state: Mutex<State>

  /// A clock that stands at `start`: the real time, if left out.
  public init(startingAt start: Timestamp = SystemClock().now) { state = Mutex(State(now: start)) }

  public var now: Timestamp { state.withLock { $0.now } }

  /// How many tasks are asleep on this clock.
  public var sleeperCount: Int { state.withLock { $0.waiting.count } }

  /// The deadline of the sleeper that wakes next, nil if nobody sleeps.
  public var nextDeadline: Timestamp? {
    state.withLock { state in
      while let first = state.sleepers.min {
        if state.waiting[first.id] != nil { return first.deadline }
        state.sleepers.removeMin()
      }
      return nil
    }
  }

  /// Moves forward. A negative duration is ignored: this clock never decreases.
  public func advance(by duration: Duration) { advance(to: now + duration) }

  /// Moves forward to `instant`, or stays where it is if that has passed.
  public func advance(to instant: Timestamp) {
    let woken = state.withLock { state in
      state.now = max(state.now, instant)
      var woken: [CheckedContinuation<Void, any Error>] = []
      while let first = state.sleepers.min, first.deadline <= state.now {
        state.sleepers.removeMin()
        if let continuation = state.waiting.removeValue(forKey: first.id) { woken.append(continuation) }
      }
      return woken
    }
    for continuation in woken { continuation.resume() }
  }

  public func sleep(until deadline: Timestamp) async throws {
    try Task.checkCancellation()
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        let outcome: Result<Void, any Error>? = state.withLock { state in
          if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
          if deadline <= state.now { return .success(()) }
          state.waiting[id] = continuation
          state.sleepers.insert(Sleeper(deadline: deadline, id: id))
          return nil
        }
        if let outcome { continuation.resume(with: outcome) }
      }
    } onCancel: {
      let continuation = state.withLock { state in
        if let continuation = state.waiting.removeValue(forKey: id) { return Optional(continuation) }
        state.cancelled.insert(id)
        return nil
      }
      continuation?.resume(throwing: CancellationError())
    }
    // A cancellation that came after the wake-up left its mark; nobody will look for it.
    _ = state.withLock { $0.cancelled.remove(id) }
  }
}
