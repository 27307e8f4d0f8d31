internal import Synchronization

/// The machine behind ``BufferedBackend``: one queue under one lock, and the tasks that carry its writes to the delegate.
///
/// The lock is held for decisions only; every call of the delegate, every wake-up and every start of a task comes after.
final class WriteBuffer: Sendable {
  struct State: Sendable {
    var queue: WriteQueue
    /// Acknowledged stores that the queue has not been told of: see ``WriteLog``.
    var log = WriteLog()
    /// Writes under way that the queue has not been told of: see ``HandedOn``.
    var handedOn = HandedOn()
    /// Writes that somebody waits for, on their way to a task of their own.
    var urgent: [[WriteQueue.Flying]] = []
    /// How many flushes take what waits. More than one only beside calls that take too long.
    var flights = 0
    /// When one of them last took something.
    var lastTakenAt: Timestamp?
    var alarm: Alarm?
    var alarms = 0
    /// When failed writes are tried again, and how long after that the next time.
    var resumeAt: Timestamp?
    var resumeDelay: Duration
    var closing: Task<Result<Void, AuthCacheError>, Never>?
    var isClosing = false
    /// Whether a close has given up what was under way.
    var isOver = false
    /// What the metrics know of; they are told at each flush, not at each write.
    var reported = BufferCounts()

    var needsAttention: Bool {
      !handedOn.isEmpty || !queue.isEmpty || !queue.failed.isEmpty || queue.untold != nil || isClosing
    }

    /// Tells the queue everything.
    mutating func absorb(at clock: any AuthCacheClock) {
      queue.absorb(&log, at: clock)
      queue.absorb(&handedOn)
    }
  }

  /// A task that sleeps until something is due.
  struct Alarm: Sendable {
    let number: Int
    let at: Timestamp
    var task: Int?
  }

  let configuration: BufferConfiguration
  private let queuedKinds: [RecordKind]
  let delegate: any AuthCacheBackend
  let attempt: BatchAttempt
  /// Whether writes that nothing has to go before are handed on one by one.
  let handsOn: Bool
  let clock: any AuthCacheClock
  let spawner: any TaskSpawner
  let tasks: TaskLedger
  let metrics = BufferMetrics()
  let state: Mutex<State>
  /// Not zero if a read has to look at the queue. Kept beside the lock, so that a read of an idle buffer takes none.
  let attention = Atomic<Int>(0)

  init(
    over delegate: any AuthCacheBackend, configuration: BufferConfiguration, clock: any AuthCacheClock,
    spawner: any TaskSpawner
  ) {
    self.delegate = delegate
    attempt = BatchAttempt(delegate: delegate, bulk: delegate as? any BulkBackend)
    let gathering = delegate as? any GatheringBackend
    handsOn = gathering != nil && configuration.maxDelay == .zero
    gathering?.favorThroughput()
    self.configuration = configuration
    queuedKinds = configuration.queued.sorted()
    self.clock = clock
    self.spawner = spawner
    tasks = TaskLedger(spawner: spawner)
    state = Mutex(State(queue: WriteQueue(configuration: configuration), resumeDelay: configuration.retryDelay))
  }

  /// Whether nothing waits, nothing failed and nobody closes: a read may go to the delegate at once.
  var isIdle: Bool { attention.load(ordering: .acquiring) == 0 }

  /// Takes a store in that is acknowledged at once, if that has no consequence but that one more waits.
  ///
  /// - Returns: false if it has others, and was not taken in.
  @inline(__always)
  func log(_ record: Record) -> Bool {
    state.withLock { $0.log.append(record) }
  }

  /// Changes the state under the lock, wakes who is served by it, and starts what it makes due.
  func update<Value: Sendable>(
    _ body: (inout State, inout [Acknowledgement.Delivery]) throws(AuthCacheError) -> Value
  ) throws(AuthCacheError) -> Value {
    var deliveries: [Acknowledgement.Delivery] = []
    var starts = Starts()
    let result: Result<Value, AuthCacheError> = state.withLock { state in
      state.absorb(at: clock)
      let result: Result<Value, AuthCacheError>
      do throws(AuthCacheError) {
        result = .success(try body(&state, &deliveries))
      } catch {
        result = .failure(error)
      }
      admitArrivals(&state, &deliveries)
      starts = self.starts(&state)
      attention.store(state.needsAttention ? 1 : 0, ordering: .releasing)
      state.log.room = state.isClosing ? 0 : state.queue.roomWithoutConsequence
      state.handedOn.room = handsOn && !state.isClosing ? state.queue.roomToDepart : 0
      return result
    }
    begin(starts)
    AnswerGate.resume(deliveries) { $0.deliver(behind: $1) }
    return try result.get()
  }

  var unwritten: [UnwrittenRecord] { look { $0.unwritten } }
  var counts: BufferCounts { look { $0.counts } }

  /// What the queue says, when it knows of everything that was taken in.
  private func look<Value: Sendable>(_ body: (borrowing WriteQueue) -> Value) -> Value {
    state.withLock { state in
      state.absorb(at: clock)
      return body(state.queue)
    }
  }

  // MARK: - Writing

  /// Whether a store of this kind is acknowledged before it is persisted. Few kinds are, so they are looked through.
  @inline(__always)
  func isQueued(_ kind: RecordKind) -> Bool {
    for queued in queuedKinds where queued == kind { return true }
    return false
  }

  /// Hands a write in and waits until it is acknowledged as its kind asks for.
  ///
  /// - Returns: whether a live record was removed, if it is a removal.
  func submit(
    _ write: BufferedWrite, _ operation: AuthCacheError.Operation
  ) async throws(AuthCacheError) -> Bool {
    let isStore = if case .store = write { true } else { false }
    let mayQueue = isStore && isQueued(write.kind)
    if mayQueue, try queue(write, operation) { return true }
    if handsOn, !mayQueue, let removed = try await handOn(write, operation) { return removed }
    guard !Task.isCancelled else { throw Self.cancelled(operation, write.kind, .none) }
    let acknowledgement = Acknowledgement(operation, write.kind)
    let waiter = WriteWaiter(acknowledgement: acknowledgement, role: isStore ? .store : .remove)
    return try await answer(to: acknowledgement, withdrawing: write.id) { () throws(AuthCacheError) in
      try update { state, _ throws(AuthCacheError) in
        try requireOpen(&state, operation, write.kind)
        guard !acknowledgement.isSettled else { return }
        let isQueued = mayQueue && state.queue.keepsFailures
        if state.queue.arrivals.isEmpty || state.queue.isHeld(write.id),
          case .accepted = state.queue.admit(write, waiter: waiter, isQueued: false, at: clock.now)
        {
          return
        }
        state.queue.forceAll()
        state.queue.arrivals.append(WriteQueue.Arrival(write: write, waiter: waiter, isQueued: isQueued))
      }
    }
  }

  /// Takes a write in that is acknowledged at once, if there is room for it.
  private func queue(
    _ write: BufferedWrite, _ operation: AuthCacheError.Operation
  ) throws(AuthCacheError) -> Bool {
    try update { state, _ throws(AuthCacheError) in
      try requireOpen(&state, operation, write.kind)
      guard state.queue.keepsFailures, state.queue.arrivals.isEmpty || state.queue.isHeld(write.id) else {
        return false
      }
      if case .accepted = state.queue.admit(write, waiter: nil, isQueued: true, at: clock.now) { return true }
      return false
    }
  }

  private func admitArrivals(_ state: inout State, _ deliveries: inout [Acknowledgement.Delivery]) {
    while let arrival = state.queue.arrivals.first {
      if arrival.waiter.acknowledgement.isSettled {
        state.queue.arrivals.removeFirst()
        continue
      }
      let admission = state.queue.admit(
        arrival.write, waiter: arrival.isQueued ? nil : arrival.waiter, isQueued: arrival.isQueued, at: clock.now)
      guard case .accepted = admission else { return }
      state.queue.arrivals.removeFirst()
      if arrival.isQueued, let delivery = arrival.waiter.succeed(removed: false) { deliveries.append(delivery) }
    }
  }

  /// Waits for `acknowledgement` once `begin` has put it where it is settled. A cancelled caller leaves.
  private func answer(
    to acknowledgement: Acknowledgement, withdrawing id: Lookup?, _ begin: () throws(AuthCacheError) -> Void
  ) async throws(AuthCacheError) -> Bool {
    let answer = await withTaskCancellationHandler {
      do throws(AuthCacheError) {
        try begin()
      } catch {
        return Acknowledgement.Answer.failure(error)
      }
      return await acknowledgement.answer()
    } onCancel: {
      leave(acknowledgement, withdrawing: id)
    }
    return try answer.get()
  }

  private func leave(_ acknowledgement: Acknowledgement, withdrawing id: Lookup?) {
    try? update { state, deliveries in
      // Who waits before an operation of another sort has not begun it.
      let isUndone = id.map { state.queue.withdraw($0, acknowledgement, at: clock.now) } ?? true
      let error = Self.cancelled(acknowledgement.operation, acknowledgement.kind, isUndone ? .none : .unknown)
      if let delivery = acknowledgement.settle(.failure(error)) { deliveries.append(delivery) }
    }
  }

  static func cancelled(
    _ operation: AuthCacheError.Operation, _ kind: RecordKind?, _ effect: AuthCacheError.Effect
  ) -> AuthCacheError {
    AuthCacheError(
      .cancelled, effect: effect, operation: operation, kind: kind,
      effect == .none ? "the task was cancelled before the operation began" : "the task was cancelled meanwhile")
  }

  // MARK: - Waiting for what was written before

  /// Returns when every write that `lookups` find and that came before this call has ended.
  ///
  /// - Parameter mark: where "before this call" is; found if left out.
  /// - Returns: that place.
  @discardableResult
  func settle(
    _ lookups: [Lookup], before operation: AuthCacheError.Operation, _ kind: RecordKind?,
    through mark: UInt64? = nil
  ) async throws(AuthCacheError) -> UInt64 {
    var mark = mark
    while true {
      let acknowledgement = Acknowledgement(operation, kind, awaiting: 0)
      var isFollowing = false
      _ = try await answer(to: acknowledgement, withdrawing: nil) { () throws(AuthCacheError) in
        isFollowing = try update { state, deliveries throws(AuthCacheError) in
          try requireOpen(&state, operation, kind, tells: mark == nil)
          state.queue.revive(at: clock.now) { record in lookups.contains { record.isFound(by: $0) } }
          let through = mark ?? state.queue.lastNumber
          mark = through
          var flying: [WriteQueue.Flying] = []
          var isFollowing = false
          for lookup in lookups {
            let followed = state.queue.follow(lookup, through: through) {
              acknowledgement.expectOneMore()
              return WriteWaiter(acknowledgement: acknowledgement, role: .follower)
            }
            flying += followed.flying
            isFollowing = isFollowing || followed.isFollowing
          }
          if !flying.isEmpty { state.urgent.append(flying) }
          if !isFollowing, let delivery = acknowledgement.settle(.success(false)) { deliveries.append(delivery) }
          return isFollowing
        }
      }
      if !isFollowing { return mark ?? 0 }
    }
  }

  /// Whether a write of the record that came no later than `mark` has not ended.
  func holds(_ id: Lookup, through mark: UInt64) -> Bool { look { $0.holds(id, through: mark) } }

  /// Whether acknowledged writes of this kind may wait.
  func mayHoldAcknowledged(_ kind: RecordKind) -> Bool { look { $0.mayHoldAcknowledged(kind) } }

  /// Flushes everything that came before this call and waits for it.
  ///
  /// - Parameter role: which failures of which writes are this call's.
  func settleAll(
    before operation: AuthCacheError.Operation, _ kind: RecordKind? = nil, as role: (BufferedWrite) -> WriteWaiter.Role
  ) async throws(AuthCacheError) {
    let acknowledgement = Acknowledgement(operation, kind, awaiting: 0)
    _ = try await answer(to: acknowledgement, withdrawing: nil) { () throws(AuthCacheError) in
      try update { state, deliveries throws(AuthCacheError) in
        try requireOpen(&state, operation, kind)
        state.queue.revive(at: clock.now)
        let followed = state.queue.followAll { write in
          acknowledgement.expectOneMore()
          return WriteWaiter(acknowledgement: acknowledgement, role: role(write))
        }
        if followed == 0, let delivery = acknowledgement.settle(.success(false)) { deliveries.append(delivery) }
      }
    }
  }

  /// A later operation has decided about the record: what failed before is of no interest any more.
  func forgetFailure(of id: Lookup) {
    guard !isIdle else { return }
    _ = try? update { state, _ in state.queue.setFailed(nil, for: id) }
  }

  /// Throws `closed`, or what the next caller is to hear of acknowledged writes that failed.
  func requireOpen(
    _ state: inout State, _ operation: AuthCacheError.Operation, _ kind: RecordKind?, tells: Bool = true
  ) throws(AuthCacheError) {
    guard !state.isClosing else {
      throw AuthCacheError(.closed, operation: operation, kind: kind, "the buffer is closed")
    }
    guard tells, let notice = state.queue.untold.take() else { return }
    throw notice.error(for: operation, kind)
  }

  /// The same for an operation that waits for no write.
  func requireOpen(_ operation: AuthCacheError.Operation, _ kind: RecordKind?) throws(AuthCacheError) {
    guard !isIdle else { return }
    try update { state, _ throws(AuthCacheError) in try requireOpen(&state, operation, kind) }
  }
}

extension Record {
  func isFound(by lookup: Lookup) -> Bool {
    guard lookup.kind == kind else { return false }
    return lookup.field == .id ? lookup.digest == digest : aliases[lookup.field] == lookup.digest
  }
}
