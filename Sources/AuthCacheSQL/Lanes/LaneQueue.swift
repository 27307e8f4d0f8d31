internal import AuthCache
internal import DequeModule

/// What waits for a lane, and how far the lane's life has gone. A value: the lane holds it under its lock.
struct LaneQueue {
  typealias Work = any LaneWork

  enum Phase {
    case open
    /// Nothing more is accepted; what waits is served.
    case draining
    /// What waited was given up.
    case aborted
  }

  private(set) var phase = Phase.open
  private var reads: Deque<Work> = []
  private var writes: Deque<Work> = []
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  var count: Int { reads.count + writes.count }
  var isEmpty: Bool { reads.isEmpty && writes.isEmpty }
  var hasWrites: Bool { !writes.isEmpty }

  /// - Returns: why it is refused.
  mutating func add(_ work: Work) -> SQLFailure? {
    guard phase == .open else { return .closed }
    if count >= limit {
      // Those whose task was cancelled need no place.
      reads.removeAll { !$0.isWaiting }
      writes.removeAll { !$0.isWaiting }
      guard count < limit else {
        return SQLFailure(
          .unavailable,
          "\(limit) operations wait for the connection already: slow down, or see what holds the database up")
      }
    }
    if work.label.writes { writes.append(work) } else { reads.append(work) }
    return nil
  }

  /// Claims what waits, oldest first, until `limit` records are concerned.
  mutating func take(writes wanted: Bool, limit: Int) -> [Work] {
    var taken: [Work] = []
    var weight = 0
    while weight < limit, let work = wanted ? writes.popFirst() : reads.popFirst() {
      guard work.take() else { continue }
      taken.append(work)
      weight += work.label.weight
    }
    return taken
  }

  /// Takes out what was queued at `instant` or before.
  mutating func removeAll(queuedBy instant: Monotonic) -> [Work] {
    var removed: [Work] = []
    while let first = reads.first, first.enqueuedAt <= instant { removed.append(reads.removeFirst()) }
    while let first = writes.first, first.enqueuedAt <= instant { removed.append(writes.removeFirst()) }
    return removed
  }

  /// The oldest request, by which the next timeout is reckoned.
  var oldest: Monotonic? {
    switch (reads.first?.enqueuedAt, writes.first?.enqueuedAt) {
    case (let read?, let write?): min(read, write)
    case (let read, let write): read ?? write
    }
  }

  mutating func drain() { if phase == .open { phase = .draining } }

  /// Gives up what waits.
  mutating func abort() -> [Work] {
    phase = .aborted
    let left = Array(reads) + Array(writes)
    reads.removeAll()
    writes.removeAll()
    return left
  }
}

extension SQLFailure {
  static let closed = SQLFailure(.closed, "the backend is closed")
  static let abandoned = SQLFailure(.closed, "the backend was closed, and its deadline passed, before this was written")
}
