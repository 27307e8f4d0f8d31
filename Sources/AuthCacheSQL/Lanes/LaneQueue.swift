internal import AuthCache
internal import DequeModule

/// What waits for a connection, and how far the life of the lanes has gone. A value: the pool holds it under its lock.
struct LaneQueue {
  enum Phase {
    case open
    /// Nothing more is accepted; what waits is served.
    case draining
    /// What waited was given up.
    case aborted
  }

  private(set) var phase = Phase.open
  private var reads = Line()
  private var writes = Line()
  private let limit: Int

  /// What waits, oldest first.
  private struct Line {
    private(set) var requests: Deque<LaneRequest> = []
    /// How many records it concerns.
    private(set) var weight = 0

    mutating func append(_ request: LaneRequest) {
      requests.append(request)
      weight += request.request.weight
    }

    mutating func prepend(_ request: LaneRequest) {
      requests.prepend(request)
      weight += request.request.weight
    }

    mutating func popFirst() -> LaneRequest? {
      guard let request = requests.popFirst() else { return nil }
      weight -= request.request.weight
      return request
    }

    mutating func forgetAnswered() {
      requests.removeAll { !$0.isWaiting }
      weight = requests.reduce(0) { $0 + $1.request.weight }
    }
  }

  init(limit: Int) { self.limit = limit }

  var count: Int { reads.requests.count + writes.requests.count }
  func count(writes wanted: Bool) -> Int { (wanted ? writes : reads).requests.count }
  /// How many records they concern.
  func weight(writes wanted: Bool) -> Int { wanted ? writes.weight : reads.weight }
  var isEmpty: Bool { reads.requests.isEmpty && writes.requests.isEmpty }

  /// - Returns: why it is refused.
  mutating func add(_ request: LaneRequest) -> SQLFailure? {
    guard phase == .open else { return .closed }
    if count >= limit {
      // Those whose task was cancelled need no place.
      reads.forgetAnswered()
      writes.forgetAnswered()
      guard count < limit else {
        return SQLFailure(
          .unavailable,
          "\(limit) operations wait for a connection already: slow down, or see what holds the database up")
      }
    }
    if request.writes { writes.append(request) } else { reads.append(request) }
    return nil
  }

  /// Puts back, in front, what was taken.
  mutating func putBack(_ requests: [LaneRequest]) {
    for request in requests.reversed() {
      if request.writes { writes.prepend(request) } else { reads.prepend(request) }
    }
  }

  /// Claims what waits, oldest first, until `limit` records are concerned.
  mutating func take(writes wanted: Bool, limit: Int) -> [LaneRequest] {
    var taken: [LaneRequest] = []
    var weight = 0
    while weight < limit, let request = wanted ? writes.popFirst() : reads.popFirst() {
      guard request.take() else { continue }
      taken.append(request)
      weight += request.request.weight
    }
    return taken
  }

  /// Takes out what was queued at `instant` or before.
  mutating func removeAll(queuedBy instant: Monotonic) -> [LaneRequest] {
    var removed: [LaneRequest] = []
    for wanted in [false, true] {
      while let first = oldest(writes: wanted), first <= instant,
        let request = wanted ? writes.popFirst() : reads.popFirst()
      {
        removed.append(request)
      }
    }
    return removed
  }

  /// Since when the oldest read or write waits.
  func oldest(writes wanted: Bool) -> Monotonic? { (wanted ? writes : reads).requests.first?.enqueuedAt }

  /// The oldest request, by which the next timeout is reckoned.
  var oldest: Monotonic? {
    switch (oldest(writes: false), oldest(writes: true)) {
    case (let read?, let write?): min(read, write)
    case (let read, let write): read ?? write
    }
  }

  mutating func drain() { if phase == .open { phase = .draining } }

  /// Gives up what waits.
  mutating func abort() -> [LaneRequest] {
    phase = .aborted
    defer { (reads, writes) = (Line(), Line()) }
    return Array(reads.requests) + Array(writes.requests)
  }
}

extension SQLFailure {
  static let closed = SQLFailure(.closed, "the backend is closed")
  static let abandoned = SQLFailure(.closed, "the backend was closed, and its deadline passed, before this was written")
}
