internal import AuthCache

/// What a pool knows, and who is to do what. A value: the pool holds it under its lock.
struct PoolState {
  struct Slot {
    let condition: Condition
    var thread: LaneThread?
    var connection: (any SQLConnection)?
    var isBusy = false
    /// It sleeps and will look again before long.
    var watches = false
  }

  enum Duty {
    case serve(writes: Bool)
    case wait(until: Monotonic?)
    case end
  }

  var queue: LaneQueue
  var slots: [Int: Slot] = [:]
  /// Who sleeps; the one who had work last comes last.
  private var idle: [Int] = []
  private var serving = (reads: 0, writes: 0)
  /// A lane looks for work without sleeping.
  var isLookedAfter = false
  var ending: LaneEnding?
  var closers: [CheckedContinuation<LaneEnding, Never>] = []
  var abandoned = LaneEnding()
  private var lanesEver = 0
  private var endedThreads: [LaneThread] = []
  private var failures = 0
  private var nextAttempt: Monotonic?
  private var isExhausted = false
  private let settings: LaneSettings

  init(settings: LaneSettings) {
    self.settings = settings
    queue = LaneQueue(limit: settings.queueLimit)
  }

  var counts: (open: Int, busy: Int) {
    slots.values.reduce(into: (0, 0)) { counts, slot in
      if slot.connection != nil { counts.0 += 1 }
      if slot.isBusy { counts.1 += 1 }
    }
  }
}

// MARK: - Who does what

extension PoolState {
  /// What that lane, which has nothing to do, is to do now.
  mutating func nextDuty(for lane: Int, idleSince: Monotonic) -> Duty {
    idle.removeAll { $0 == lane }
    slots[lane]?.watches = false
    if queue.isEmpty, queue.phase != .open { return .end }
    let now = Monotonic.now
    var again: Monotonic?
    if !queue.isEmpty {
      // Whoever waits longest first.
      let writesFirst = (queue.oldest(writes: true) ?? now) < (queue.oldest(writes: false) ?? now)
      for writes in [writesFirst, !writesFirst] {
        guard let due = due(writes: writes, for: lane, now) else { continue }
        if due <= now {
          if writes { serving.writes += 1 } else { serving.reads += 1 }
          slots[lane]?.isBusy = true
          return .serve(writes: writes)
        }
        again = again.map { min($0, due) } ?? due
      }
      slots[lane]?.watches = true
    } else {
      isExhausted = false
      if slots[lane]?.connection != nil, counts.open > settings.connections.lowerBound, slots.count > 2 {
        let end = idleSince + settings.pace.idle
        if end <= now { return .end }
        again = end
      }
    }
    idle.append(lane)
    return .wait(until: again)
  }

  /// From when on that lane may take such requests; nil if there are none.
  private func due(writes: Bool, for lane: Int, _ now: Monotonic) -> Monotonic? {
    guard let oldest = queue.oldest(writes: writes) else { return nil }
    let isServed = isServed(writes: writes)
    if slots[lane]?.connection != nil { return isServed ? oldest + settings.pace.patience : oldest }
    let open = counts.open
    let due =
      switch open {
      case 0: isServed ? oldest + settings.pace.patience : oldest
      case ..<settings.connections.lowerBound: oldest + settings.pace.patience
      default: oldest + settings.pace.growth
      }
    return nextAttempt.map { max($0, due) } ?? due
  }

  /// Whether requests of a kind had better wait for the lane that serves their like. A second one takes part once
  /// enough have gathered for a batch: then the database works on the one while answers to the other go out.
  private func isServed(writes: Bool) -> Bool {
    switch writes ? serving.writes : serving.reads {
    case 0: false
    case 1: queue.count(writes: writes) < settings.pace.crowd
    default: true
    }
  }

  /// Something was queued: somebody who may serve it, or else somebody who watches it, has to be awake.
  mutating func wakeForWork(writes: Bool) {
    let isServed = isServed(writes: writes)
    if isLookedAfter, !isServed { return }
    if isServed, slots.values.contains(where: \.watches) { return }
    guard let lane = idle.last(where: { slots[$0]?.connection != nil }) ?? idle.last else { return }
    slots[lane]?.condition.signal()
  }

  mutating func wakeAll() { for slot in slots.values { slot.condition.signal() } }

  /// One lane at a time looks for work without sleeping, and only where none is serving.
  mutating func beginLooking() -> Bool {
    guard !isLookedAfter, queue.phase == .open, queue.isEmpty, serving == (0, 0) else { return false }
    isLookedAfter = true
    return true
  }

  mutating func finishDuty(of lane: Int, writes: Bool) {
    slots[lane]?.isBusy = false
    if writes { serving.writes -= 1 } else { serving.reads -= 1 }
  }

  /// True once for each time that everybody is busy and requests wait.
  mutating func noticeExhaustion(at now: Monotonic) -> Bool {
    guard !isExhausted, idle.isEmpty, slots.count == settings.connections.upperBound, slots.count > 1,
      let oldest = queue.oldest, now - oldest > settings.pace.growth
    else { return false }
    isExhausted = true
    return true
  }
}

// MARK: - The lanes and their connections

extension PoolState {
  /// Whether nobody is left who would see that the busy lanes do not get on.
  func needsSpare() -> Bool {
    idle.isEmpty && slots.count < settings.connections.upperBound && queue.phase == .open
  }

  mutating func reserveLane() -> Int {
    lanesEver += 1
    slots[lanesEver] = Slot(condition: Condition())
    return lanesEver
  }

  /// - Returns: true if the lane has ended already.
  mutating func started(_ lane: Int, _ thread: LaneThread) -> Bool {
    slots[lane]?.thread = thread
    return slots[lane] == nil
  }

  /// - Returns: the thread, if nobody has taken it, and whether this was the last lane.
  mutating func remove(_ lane: Int) -> (thread: LaneThread?, isLast: Bool) {
    let slot = slots.removeValue(forKey: lane)
    idle.removeAll { $0 == lane }
    // While the pool ends somebody waits for the threads.
    if queue.phase != .open, let thread = slot?.thread { endedThreads.append(thread) }
    return (queue.phase == .open ? slot?.thread : nil, slots.isEmpty)
  }

  mutating func takeThreads() -> [LaneThread] {
    let threads = endedThreads + slots.values.compactMap(\.thread)
    endedThreads = []
    for lane in slots.keys { slots[lane]?.thread = nil }
    return threads
  }

  /// - Returns: whether the pool was given up meanwhile.
  mutating func connected(_ lane: Int, _ connection: any SQLConnection) -> Bool {
    slots[lane]?.connection = connection
    failures = 0
    nextAttempt = nil
    return queue.phase == .aborted
  }

  /// Each pause is twice the one before, up to a limit, and up to a half shorter at random.
  mutating func couldNotConnect(entropy: any EntropySource) {
    let longest = settings.pace.backoff.upperBound.wholeNanoseconds
    let pause = min(longest, settings.pace.backoff.lowerBound.wholeNanoseconds << min(failures, 20))
    failures += 1
    let jitter = Int64(entropy.next() % UInt64(max(1, pause / 2)))
    nextAttempt = .now + .nanoseconds(pause - jitter)
  }
}
