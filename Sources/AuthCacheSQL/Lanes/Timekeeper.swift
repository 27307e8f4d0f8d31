/// The thread that looks at the clock for lanes whose own threads may be stuck in the database.
///
/// It sleeps until the oldest request could have waited too long. Whatever is queued later times out later, so
/// nothing but a close has to wake it.
final class Timekeeper: Sendable {
  /// How far a close has come.
  private enum Closing {
    case no
    case draining(until: Monotonic)
    /// What was under way is interrupted and gets a little time to end.
    case interrupted(until: Monotonic)
    case over

    var deadline: Monotonic? {
      switch self {
      case .no, .over: nil
      case .draining(let deadline), .interrupted(let deadline): deadline
      }
    }
  }

  private let closing = Monitor(Closing.no)
  private let thread: LaneThread

  private static var grace: Duration { .seconds(2) }

  init(pools: [LanePool], readers: Readers, interval: Duration) throws(SQLFailure) {
    let closing = closing
    thread = try LaneThread {
      Self.run(pools: pools, readers: readers, interval: interval, closing: closing)
    }
  }

  /// From `deadline` on what is still under way is given up.
  func close(by deadline: Monotonic) { closing.change { $0 = .draining(until: deadline) } }

  /// Ends the thread and waits for that.
  func stop() {
    closing.change { $0 = .over }
    thread.join()
  }

  /// Lets the thread end by itself.
  func stopUnattended() {
    closing.change { $0 = .over }
    thread.detach()
  }

  private static func run(
    pools: [LanePool], readers: Readers, interval: Duration, closing: Monitor<Closing>
  ) {
    var seen: Monotonic?
    while true {
      let now = Monotonic.now
      var next = now + interval
      for pool in pools {
        if let deadline = pool.expire(at: now) { next = min(next, deadline) }
      }
      if let seen { next = min(next, seen) }
      // Returns when the deadline of the close changes, or when `next` has come.
      let isOver = closing.wait(until: next) { state -> Bool? in
        if case .over = state { return true }
        guard state.deadline == seen else { return false }
        return nil
      }
      if isOver == true { return }
      seen = advance(closing, pools, readers)
    }
  }

  /// Does what is due of a close.
  ///
  /// - Returns: when the next stage is due.
  private static func advance(
    _ closing: Monitor<Closing>, _ pools: [LanePool], _ readers: Readers
  ) -> Monotonic? {
    let now = Monotonic.now
    let due: Closing = closing.withLock { state in
      guard let deadline = state.deadline, deadline <= now else { return .no }
      defer {
        if case .draining = state { state = .interrupted(until: now + grace) } else { state = .over }
      }
      return state
    }
    switch due {
    case .no, .over: break
    case .draining:
      for pool in pools { pool.abort() }
      readers.interrupt()
    case .interrupted:
      for pool in pools { pool.giveUpThreads() }
      readers.giveUp()
    }
    return closing.withLock { $0.deadline }
  }
}
