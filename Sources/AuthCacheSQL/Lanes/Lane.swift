package import AuthCache
internal import Synchronization

/// One connection, owned by one thread, and the bounded queue in front of it.
///
/// The thread takes everything that waits, up to a limit, and serves it as a batch: reads first, then all writes in
/// one transaction. Under load batches form by themselves; at rest a request goes alone and at once.
package final class Lane: Sendable {
  typealias Work = any LaneWork

  private struct State {
    var queue: LaneQueue
    /// For the interruption, which comes from another thread.
    var connection: (any SQLConnection)?
    var ending: LaneEnding?
    var closers: [CheckedContinuation<LaneEnding, Never>] = []
    var abandoned = LaneEnding()
  }

  let settings: LaneSettings
  let observer: LaneObserver
  private let connect: @Sendable () throws(SQLFailure) -> any SQLConnection
  private let monitor: Monitor<State>
  private let thread = Mutex<LaneThread?>(nil)

  /// Starts the thread. It connects when the first request comes.
  package init(
    _ name: String, driver: String, settings: LaneSettings,
    connect: @escaping @Sendable () throws(SQLFailure) -> any SQLConnection
  ) throws(SQLFailure) {
    self.settings = settings
    self.connect = connect
    observer = LaneObserver(driver: driver, lane: name, settings: settings)
    monitor = Monitor(State(queue: LaneQueue(limit: settings.queueLimit)))
    let thread = try LaneThread { [self] in run() }
    self.thread.withLock { $0 = thread }
  }

  /// Queues `body`, which runs on the lane's thread, and waits for its result.
  ///
  /// A cancellation before the lane claims the request ends it with `cancelled`; after that it runs to its end.
  package func perform<Value: Sendable>(
    _ label: RequestLabel, _ body: @escaping @Sendable (any SQLConnection) throws(SQLFailure) -> Value
  ) async throws(AuthCacheError) -> Value {
    try await LaneRequest(label, body).answer { self.accept($0) }
  }

  /// Queues `work`.
  ///
  /// - Returns: why it is refused.
  func accept(_ work: Work) -> SQLFailure? { monitor.change { $0.queue.add(work) } }
}

// MARK: - The thread

extension Lane {
  private func run() {
    var connection: (any SQLConnection)?
    while waitForWork() {
      let began = Monotonic.now
      do throws(SQLFailure) {
        let open: any SQLConnection
        if let connection { open = connection } else { open = try opened() }
        connection = open
        try serve(on: open)
      } catch {
        // The connection or the lock was not to be had. Who came later gets an attempt of their own.
        let failed = monitor.withLock { $0.queue.removeAll(queuedBy: began) }
        for work in failed { giveUp(work, error) }
        if error.condition == .disconnected {
          drop(connection)
          connection = nil
        }
      }
    }
    drop(connection)
    end()
  }

  /// Blocks until something waits. False when the lane is to end.
  private func waitForWork() -> Bool {
    monitor.wait { state in
      if !state.queue.isEmpty { return true }
      return state.queue.phase == .open ? nil : false
    } ?? false
  }

  private func opened() throws(SQLFailure) -> any SQLConnection {
    let connection = try connect()
    let aborted = monitor.withLock { state in
      state.connection = connection
      return state.queue.phase == .aborted
    }
    if aborted { connection.interrupt() }
    return connection
  }

  private func drop(_ connection: (any SQLConnection)?) {
    monitor.withLock { $0.connection = nil }
    connection?.close()
  }

  private func serve(on connection: any SQLConnection) throws(SQLFailure) {
    let reads = take(writes: false)
    try readTogether(reads.filter(\.label.isPointRead), on: connection)
    for work in reads where !work.label.isPointRead { read(work, on: connection) }
    guard monitor.withLock({ $0.queue.hasWrites }) else { return }
    // The lock first, then the requests: while the lock is awaited more of them gather, and may yet be cancelled.
    try connection.beginWriting()
    let batch = take(writes: true)
    guard !batch.isEmpty else { return connection.rollback() }
    commitTogether(batch, on: connection)
  }

  /// Reads of single records share one transaction: beginning and ending one costs as much as such a read.
  private func readTogether(_ batch: [Work], on connection: any SQLConnection) throws(SQLFailure) {
    let isShared = batch.count > 1
    if isShared {
      do throws(SQLFailure) {
        try connection.beginReading()
      } catch {
        for work in batch { giveUp(work, error) }
        throw error
      }
    }
    for work in batch { read(work, on: connection) }
    if isShared { connection.rollback() }
  }

  private func read(_ work: Work, on connection: any SQLConnection) {
    let start = Monotonic.coarse
    _ = work.attempt(on: connection)
    observer.noteIfSlow(work.label.operation, work.label.kind, since: start)
    work.deliver()
  }

  private func take(writes: Bool) -> [Work] {
    let (works, left) = monitor.withLock { state in
      (state.queue.take(writes: writes, limit: settings.batchLimit), state.queue.count)
    }
    if !works.isEmpty { observer.took(works, leaving: left) }
    return works
  }
}

// MARK: - Group commit

extension Lane {
  /// One transaction for the whole batch. If it can't be, each request gets a transaction of its own, so that what
  /// fails fails alone.
  private func commitTogether(_ batch: [Work], on connection: any SQLConnection) {
    let start = Monotonic.coarse
    do throws(SQLFailure) {
      for work in batch { try attempt(work, on: connection, isAlone: batch.count == 1) }
      try connection.commit()
    } catch {
      connection.rollback()
      if batch.count > 1, error.effect == .none { return commitApart(batch, on: connection) }
      for work in batch { giveUp(work, error) }
      return
    }
    observer.noteIfSlow(batch.count == 1 ? batch[0].label.operation : "commit", nil, since: start)
    for work in batch { work.deliver() }
  }

  private func commitApart(_ batch: [Work], on connection: any SQLConnection) {
    for (index, work) in batch.enumerated() {
      do throws(SQLFailure) {
        try connection.beginWriting()
      } catch {
        // No lock now: the others would wait as long again, each.
        for work in batch[index...] { giveUp(work, error) }
        return
      }
      do throws(SQLFailure) {
        try attempt(work, on: connection, isAlone: true)
        try connection.commit()
        work.deliver()
      } catch {
        connection.rollback()
        giveUp(work, error)
      }
    }
  }

  /// Runs one request of the transaction.
  ///
  /// - Throws: what the transaction does not survive. What concerns only this request is kept as its result.
  private func attempt(_ work: Work, on connection: any SQLConnection, isAlone: Bool) throws(SQLFailure) {
    let start = Monotonic.coarse
    // Several records are one unit: within a transaction that others share that takes a savepoint.
    let isUnit = work.label.weight > 1
    if isUnit, !isAlone { _ = try connection.cursor(.savepoint).run() }
    let failure = work.attempt(on: connection)
    observer.noteIfSlow(work.label.operation, work.label.kind, since: start)
    if let failure, !failure.isConfined || isUnit && isAlone { throw failure }
    guard isUnit, !isAlone else { return }
    if failure != nil { _ = try connection.cursor(.rollbackToSavepoint).run() }
    _ = try connection.cursor(.releaseSavepoint).run()
  }

  private func giveUp(_ work: Work, _ failure: SQLFailure) {
    let aborted = monitor.withLock { state in
      guard state.queue.phase == .aborted else { return false }
      state.abandoned.add(work.label)
      return true
    }
    var failure = failure
    if aborted, failure.effect == .none { failure = .abandoned }
    work.fail(failure)
  }
}

// MARK: - Time and the end

extension Lane {
  /// Fails what has waited too long.
  ///
  /// - Returns: when to look again; nil if nothing waits.
  func expire(at now: Monotonic) -> Monotonic? {
    let limit = settings.acquireTimeout
    let (expired, next) = monitor.withLock { state in
      let instant = Monotonic(nanoseconds: now.nanoseconds - limit.wholeNanoseconds)
      return (state.queue.removeAll(queuedBy: instant), state.queue.oldest.map { $0 + limit })
    }
    for work in expired where work.isWaiting {
      work.fail(
        SQLFailure(.timeout, "no connection was free within \(limit.wholeMilliseconds) ms: the database is too slow"))
    }
    return next
  }

  /// Serves what waits and ends the thread and the connection. Any number of callers get the same answer.
  package func end() async -> LaneEnding {
    monitor.change { $0.queue.drain() }
    let ending = await withCheckedContinuation { continuation in
      let ending = monitor.withLock { state in
        if state.ending == nil { state.closers.append(continuation) }
        return state.ending
      }
      if let ending { continuation.resume(returning: ending) }
    }
    // The thread has said its last word, or is given up.
    if let thread = thread.withLock({ thread in exchange(&thread, nil) }) {
      if ending.isHung { thread.detach() } else { thread.join() }
    }
    return ending
  }

  /// Lets the thread end by itself, for an owner that can't wait.
  func endUnattended() {
    monitor.change { $0.queue.drain() }
    thread.withLock({ thread in exchange(&thread, nil) })?.detach()
  }

  /// Gives up what waits and interrupts what is under way.
  func abort() {
    let (left, connection) = monitor.change { state in
      let left = state.queue.abort().filter(\.isWaiting)
      for work in left { state.abandoned.add(work.label) }
      return (left, state.connection)
    }
    for work in left { work.fail(.abandoned) }
    connection?.interrupt()
  }

  /// Answers the closers although the thread does not end.
  func giveUpThread() {
    settle { state in
      var ending = state.abandoned
      ending.isHung = true
      return ending
    }
  }

  /// The last act of the thread.
  private func end() { settle { $0.abandoned } }

  private func settle(_ ending: (State) -> LaneEnding) {
    let (closers, settled) = monitor.change { state -> ([CheckedContinuation<LaneEnding, Never>], LaneEnding) in
      let settled = state.ending ?? ending(state)
      state.ending = settled
      return (exchange(&state.closers, []), settled)
    }
    for closer in closers { closer.resume(returning: settled) }
  }
}

/// How a lane ended.
package struct LaneEnding: Sendable {
  /// Accepted operations that were given up, and the records that they would have written.
  package private(set) var operations = 0
  package private(set) var unwritten: [RecordKind: Int] = [:]
  /// The thread is stuck in the system and was left there.
  package var isHung = false

  mutating func add(_ label: RequestLabel) {
    guard label.writes else { return }
    operations += 1
    unwritten.merge(label.unwritten(), uniquingKeysWith: +)
  }
}

private func exchange<Value>(_ place: inout Value, _ value: consuming Value) -> Value {
  let old = place
  place = value
  return old
}
