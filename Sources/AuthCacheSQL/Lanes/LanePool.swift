internal import AuthCache
internal import Synchronization

/// A bounded queue and the lanes that serve it: each one connection, owned by one thread.
///
/// A lane that is free takes everything that waits, up to a limit, and serves it as a batch. Under load batches form
/// by themselves; at rest a request goes alone and at once. Where one lane serves already, more take part only when
/// requests have waited for a while: two small batches cost more than a large one. There is always one lane more than
/// there are busy ones, up to the limit; it sleeps beside the queue and connects when it has to step in.
final class LanePool: Sendable {
  let settings: LaneSettings
  let observer: LaneObserver
  private let metrics: PoolMetrics
  let service: LaneService
  private let monitor: Monitor<PoolState>
  /// Whether somebody should take up work now, for lanes that look without the lock.
  private let isDue = Atomic(false)
  private let connect: @Sendable () throws(SQLFailure) -> any SQLConnection

  /// Starts one thread. It connects when the first request comes.
  init(
    _ name: String, driver: String, settings: LaneSettings, service: LaneService,
    connect: @escaping @Sendable () throws(SQLFailure) -> any SQLConnection
  ) throws(SQLFailure) {
    self.settings = settings
    self.service = service
    self.connect = connect
    observer = LaneObserver(settings: settings)
    metrics = PoolMetrics(driver: driver, lanes: name, table: service.layout.base.rawValue)
    monitor = Monitor(PoolState(settings: settings))
    try addLane()
  }

  /// Queues `request` and waits for its answer.
  ///
  /// A cancellation before a lane claims it ends it with `cancelled`; after that it runs to its end.
  func perform(_ request: SQLRequest) async throws(AuthCacheError) -> SQLAnswer {
    try await LaneRequest(request).answer { self.accept($0) }
  }

  /// From now on many writes a second are worth more than the soonest answer.
  func favorThroughput() { monitor.withLock { $0.favorsThroughput = true } }

  /// - Returns: why it is refused.
  private func accept(_ request: LaneRequest) -> SQLFailure? {
    var refusal: SQLFailure?
    var standing: PoolStanding?
    let exhaustion: Int? = monitor.withLock { state in
      refusal = state.queue.add(request)
      guard refusal == nil else { return nil }
      if state.wakeForWork(writes: request.writes) { isDue.store(true, ordering: .relaxed) }
      if metrics.isWatched { standing = state.standingOfQueue() }
      return state.noticeExhaustion(at: request.enqueuedAt) ? state.queue.count : nil
    }
    metrics.show(standing)
    if let exhaustion { observer.exhausted(connections: settings.connections.upperBound, waiting: exhaustion) }
    return refusal
  }
}

// MARK: - For the lanes

extension LanePool {
  /// Runs `body` under the lock, and shows how the pool stands after it.
  private func change<Result>(_ body: (inout PoolState) -> Result) -> Result {
    guard metrics.isWatched else { return monitor.withLock(body) }
    let (result, standing) = monitor.withLock { state in (body(&state), state.standing()) }
    metrics.show(standing)
    return result
  }

  var favorsThroughput: Bool { monitor.withLock { $0.favorsThroughput } }

  func condition(of lane: Int) -> Condition { monitor.withLock { $0.slots[lane]?.condition } ?? Condition() }

  /// Blocks until there is something for that lane to serve: true for writes. Nil if it is to end.
  func next(for lane: Int, _ condition: Condition, _ attention: inout Attention) -> Bool? {
    lookAround(&attention)
    let idleSince = Monotonic.now
    let assignment = monitor.wait(on: condition) { state -> Monitor<PoolState>.Waiting<Assignment> in
      let duty = state.nextDuty(for: lane, idleSince: idleSince)
      isDue.store(state.isDue, ordering: .relaxed)
      switch duty {
      case .wait(let deadline): return .until(deadline)
      case .serve(let writes):
        let standing = metrics.isWatched ? state.standing() : nil
        return .over(Assignment(writes: writes, needsSpare: state.needsSpare(), standing: standing))
      case .end: return .over(Assignment(writes: nil, needsSpare: false, standing: nil))
      }
    }
    metrics.show(assignment.standing)
    // Without one the lanes there are have to do.
    if assignment.needsSpare { try? addLane() }
    return assignment.writes
  }

  private struct Assignment {
    let writes: Bool?
    let needsSpare: Bool
    let standing: PoolStanding?
  }

  /// Waking a thread takes longer than most requests are apart.
  private func lookAround(_ attention: inout Attention) {
    monitor.withLock { $0.lookers += 1 }
    attention.look { isDue.load(ordering: .relaxed) }
    monitor.withLock { $0.lookers -= 1 }
  }

  /// Claims what waits.
  func take(for lane: Int, writes: Bool) -> [LaneRequest] {
    let requests = change { state in
      defer { isDue.store(state.isDue, ordering: .relaxed) }
      return state.take(for: lane, writes: writes)
    }
    metrics.took(requests)
    return requests
  }

  func done(_ lane: Int, writes: Bool) {
    change { state in
      state.finishDuty(of: lane, writes: writes)
      isDue.store(state.isDue, ordering: .relaxed)
    }
  }

  /// A connection for that lane.
  ///
  /// - Throws: what is to be told to whoever waited when the attempt began.
  func connection(for lane: Int) throws(SQLFailure) -> any SQLConnection {
    do throws(SQLFailure) {
      let connection = try connect()
      let isAborted = change { $0.connected(lane, connection) }
      if isAborted { connection.interrupt() }
      return connection
    } catch {
      monitor.withLock { $0.couldNotConnect(entropy: settings.entropy) }
      observer.disconnected(error)
      throw error
    }
  }

  /// The connection of that lane is of no more use.
  func disconnected(_ lane: Int) { change { $0.slots[lane]?.connection = nil } }

  /// Fails what was queued by `instant`, unless all that is missing is one connection of several.
  func failAll(queuedBy instant: Monotonic, _ failure: SQLFailure) {
    let failed: [LaneRequest] = change { state in
      guard failure.condition == .disconnected, state.counts.open > 0 else {
        return state.queue.removeAll(queuedBy: instant)
      }
      state.wakeConnected()
      return []
    }
    metrics.waited(failed)
    for request in failed { giveUp(request, failure) }
  }

  /// What could not be read over a broken connection is read once more over another.
  func readAgain(_ requests: [LaneRequest], _ failure: SQLFailure) {
    let (again, others) = requests.reduce(into: ([LaneRequest](), [LaneRequest]())) { parts, request in
      if request.putBack() { parts.0.append(request) } else { parts.1.append(request) }
    }
    let isOpen = change { state in
      guard state.queue.phase != .aborted else { return false }
      state.queue.putBack(again)
      // Whoever has a connection may be asleep, and nobody else wakes them.
      state.wakeConnected()
      isDue.store(true, ordering: .relaxed)
      return true
    }
    for request in others { request.fail(failure) }
    if !isOpen { for request in again { giveUp(request, .abandoned) } }
  }

  func giveUp(_ request: LaneRequest, _ failure: SQLFailure) {
    let aborted = monitor.withLock { state in
      guard state.queue.phase == .aborted else { return false }
      state.abandoned.add(request.request)
      return true
    }
    var failure = failure
    if aborted, failure.effect == .none { failure = .abandoned }
    request.fail(failure)
  }

  /// The last act of a lane's thread.
  func ended(_ lane: Int) {
    let (thread, isLast) = change { $0.remove(lane) }
    // Nobody joins a thread that ended while the others go on.
    if let thread { thread.detach() }
    if isLast { settle { $0.abandoned } }
  }

  private func addLane() throws(SQLFailure) {
    let lane = monitor.withLock { $0.reserveLane() }
    do throws(SQLFailure) {
      let thread = try LaneThread { [self] in Lane(lane, in: self).run() }
      let isOver = monitor.withLock { $0.started(lane, thread) }
      if isOver { thread.detach() }
    } catch {
      _ = monitor.withLock { $0.remove(lane) }
      throw error
    }
  }
}

// MARK: - Time and the end

extension LanePool {
  /// Fails what has waited too long.
  ///
  /// - Returns: when to look again; nil if nothing waits.
  func expire(at now: Monotonic) -> Monotonic? {
    let limit = settings.acquireTimeout
    let (expired, next) = change { state in
      let instant = Monotonic(nanoseconds: now.nanoseconds - limit.wholeNanoseconds)
      return (state.queue.removeAll(queuedBy: instant), state.queue.oldest.map { $0 + limit })
    }
    let waiting = expired.filter(\.isWaiting)
    metrics.waited(waiting)
    for request in waiting {
      request.fail(
        SQLFailure(.timeout, "no connection was free within \(limit.wholeMilliseconds) ms: the database is too slow"))
    }
    return next
  }

  /// Serves what waits and ends the threads and the connections. Any number of callers get the same answer.
  func end() async -> LaneEnding {
    drain()
    let ending = await withCheckedContinuation { continuation in
      let ending = monitor.withLock { state in
        if state.ending == nil { state.closers.append(continuation) }
        return state.ending
      }
      if let ending { continuation.resume(returning: ending) }
    }
    // The threads have said their last word, or are given up.
    for thread in monitor.withLock({ $0.takeThreads() }) {
      if ending.isHung { thread.detach() } else { thread.join() }
    }
    return ending
  }

  /// Lets the threads end by themselves, for an owner that can't wait.
  func endUnattended() {
    drain()
    for thread in monitor.withLock({ $0.takeThreads() }) { thread.detach() }
  }

  private func drain() {
    monitor.withLock { state in
      state.queue.drain()
      state.wakeAll()
    }
  }

  /// Gives up what waits and interrupts what is under way.
  func abort() {
    let (left, connections) = change { state in
      let left = state.queue.abort().filter(\.isWaiting)
      for request in left { state.abandoned.add(request.request) }
      state.wakeAll()
      return (left, state.slots.values.compactMap(\.connection))
    }
    metrics.waited(left)
    for request in left { request.fail(.abandoned) }
    for connection in connections { connection.interrupt() }
  }

  /// Answers the closers although a thread does not end.
  func giveUpThreads() {
    settle { state in
      var ending = state.abandoned
      ending.isHung = true
      return ending
    }
  }

  private func settle(_ ending: (PoolState) -> LaneEnding) {
    let (closers, settled) = monitor.withLock { state -> ([CheckedContinuation<LaneEnding, Never>], LaneEnding) in
      let settled = state.ending ?? ending(state)
      state.ending = settled
      defer { state.closers = [] }
      return (state.closers, settled)
    }
    for closer in closers { closer.resume(returning: settled) }
  }
}

/// How the lanes ended.
struct LaneEnding: Sendable {
  /// Accepted operations that were given up, and the records that they would have written.
  private(set) var operations = 0
  private(set) var unwritten: [RecordKind: Int] = [:]
  /// A thread is stuck in the system and was left there.
  var isHung = false

  mutating func add(_ request: SQLRequest) {
    guard request.writes else { return }
    operations += 1
    unwritten.merge(request.unwritten, uniquingKeysWith: +)
  }
}
