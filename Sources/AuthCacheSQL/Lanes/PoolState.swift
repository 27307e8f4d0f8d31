internal import AuthCache

/// What a pool knows, and who is to do what. A value: the pool holds it under its lock.
struct PoolState {
  struct Slot {
    let condition: Condition
    var thread: LaneThread?
    var connection: (any SQLConnection)?
    var isBusy = false
    /// How many requests it serves.
    fileprivate var taken = 0
    /// It sleeps and will look again before long.
    fileprivate var watches = false
  }

  /// What goes on for one kind of work.
  private struct Serving {
    var lanes = 0
    var requests = 0
    /// How many requests there have been at once lately, those that wait included.
    var load = 0
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
  private var reading = Serving()
  private var writing = Serving()
  /// How many lanes look for work without sleeping.
  var lookers = 0
  private var watchers = 0
  var ending: LaneEnding?
  var closers: [CheckedContinuation<LaneEnding, Never>] = []
  var abandoned = LaneEnding()
  private var lanesEver = 0
  private var endedThreads: [LaneThread] = []
  private var failures = 0
  private var nextAttempt: Monotonic?
  private var isExhausted = false
  /// How often it was told how the pool stands.
  var standings: UInt64 = 0
  /// Whether large batches of writes are worth more than early answers.
  var favorsThroughput = false
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
    if slots[lane]?.watches == true {
      slots[lane]?.watches = false
      watchers -= 1
    }
    if queue.isEmpty, queue.phase != .open { return .end }
    let now = Monotonic.now
    var again: Monotonic?
    if !queue.isEmpty {
      // Whoever waits longest first.
      let writesFirst = (queue.oldest(writes: true) ?? now) < (queue.oldest(writes: false) ?? now)
      for writes in [writesFirst, !writesFirst] {
        guard let due = due(writes: writes, for: lane, now) else { continue }
        if due <= now {
          if writes { writing.lanes += 1 } else { reading.lanes += 1 }
          slots[lane]?.isBusy = true
          return .serve(writes: writes)
        }
        again = again.map { min($0, due) } ?? due
      }
      slots[lane]?.watches = true
      watchers += 1
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
    var due =
      switch open {
      case ..<max(1, settings.connections.lowerBound): isServed ? oldest + settings.pace.patience : oldest
      default: oldest + settings.pace.growth
      }
    // One after the other, unless it takes long: many at once would open what nobody needs.
    let connecting = slots.values.count { $0.isBusy && $0.connection == nil }
    if connecting > 0 { due = max(due, oldest + settings.pace.growth * (10 * connecting)) }
    return nextAttempt.map { max($0, due) } ?? due
  }

  /// How many requests make a batch that is worth another lane: of many a quarter, so that the database works on one
  /// batch while answers to another go out and a third gathers. Half of the writes, where commits had better be few.
  private func crowd(writes: Bool) -> Int {
    let load = (writes ? writing : reading).load
    return max(settings.pace.crowd, writes && favorsThroughput ? load / 2 : load / 4)
  }

  /// Whether requests of a kind had better wait for a lane that serves their like.
  private func isServed(writes: Bool) -> Bool {
    (writes ? writing : reading).lanes > 0 && queue.weight(writes: writes) < crowd(writes: writes)
  }

  /// Whether a lane that is free should take up work now.
  var isDue: Bool {
    [false, true].contains { writes in queue.count(writes: writes) > 0 && !isServed(writes: writes) }
  }

  /// Something was queued: somebody who may serve it, or else somebody who watches it, has to be awake.
  ///
  /// - Returns: whether it should be taken up now.
  mutating func wakeForWork(writes: Bool) -> Bool {
    let isDue = !isServed(writes: writes)
    if lookers > 0 || (!isDue && watchers > 0) { return isDue }
    wakeIdle()
    return isDue
  }

  private func wakeIdle() {
    guard let lane = idle.last(where: { slots[$0]?.connection != nil }) ?? idle.last else { return }
    slots[lane]?.condition.signal()
  }

  /// Wakes one that has a connection: it serves what waits, or finds that its connection is lost too.
  func wakeConnected() {
    guard let lane = idle.last(where: { slots[$0]?.connection != nil }) else { return }
    slots[lane]?.condition.signal()
  }

  /// Wakes one that would take part and has waited for others to connect.
  private func wakeWatcher() { slots.values.first { $0.watches }?.condition.signal() }

  mutating func wakeAll() { for slot in slots.values { slot.condition.signal() } }

  /// Claims what waits for that lane: no more than one batch, where others could serve the next.
  mutating func take(for lane: Int, writes: Bool) -> [LaneRequest] {
    let isAlone = settings.connections.upperBound == 1
    let limit = isAlone ? settings.batchLimit : min(settings.batchLimit, crowd(writes: writes))
    // A lane that always finds new work in time never sees an empty queue.
    if let oldest = queue.oldest, Monotonic.now - oldest < settings.pace.patience { isExhausted = false }
    let requests = queue.take(writes: writes, limit: limit)
    slots[lane]?.taken = requests.count
    // What is left came before this lane was awake: somebody has to see whether it gets on.
    if !queue.isEmpty, lookers == 0, watchers == 0 { wakeIdle() }
    change(writes) { serving, left in
      serving.requests += requests.count
      serving.load = max(serving.load - serving.load / 8, serving.requests + left)
    }
    return requests
  }

  mutating func finishDuty(of lane: Int, writes: Bool) {
    let taken = slots[lane]?.taken ?? 0
    slots[lane]?.isBusy = false
    slots[lane]?.taken = 0
    change(writes) { serving, _ in
      serving.lanes -= 1
      serving.requests -= taken
    }
  }

  private mutating func change(_ writes: Bool, _ body: (inout Serving, Int) -> Void) {
    if writes { body(&writing, queue.count(writes: true)) } else { body(&reading, queue.count(writes: false)) }
  }

  /// True once for each time that everybody is busy and requests wait.
  mutating func noticeExhaustion(at now: Monotonic) -> Bool {
    guard settings.reportsExhaustion, !isExhausted, idle.isEmpty, slots.count == settings.connections.upperBound,
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
    if slot?.watches == true { watchers -= 1 }
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
    wakeWatcher()
    return queue.phase == .aborted
  }

  /// Each pause is twice the one before, up to a limit, and up to a half shorter at random.
  mutating func couldNotConnect(entropy: any EntropySource) {
    let longest = settings.pace.backoff.upperBound.wholeNanoseconds
    let pause = min(longest, settings.pace.backoff.lowerBound.wholeNanoseconds << min(failures, 20))
    failures += 1
    let jitter = Int64(entropy.next() % UInt64(max(1, pause / 2)))
    nextAttempt = .now + .nanoseconds(pause - jitter)
    wakeWatcher()
  }
}
