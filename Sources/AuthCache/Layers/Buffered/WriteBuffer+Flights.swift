internal import Metrics
internal import Synchronization

/// What carries the writes to the delegate, and what makes it begin.
extension WriteBuffer {
  /// What a change of the state makes due; started when the lock is free.
  struct Starts: Sendable {
    var urgent: [[WriteQueue.Flying]] = []
    var isFlightDue = false
    var alarm: Alarm?
    var superseded: Int?
  }

  /// Decides what begins now and when to look again.
  func starts(_ state: inout State) -> Starts {
    var starts = Starts()
    swap(&starts.urgent, &state.urgent)
    if state.isClosing, state.queue.isEmpty {
      // Nothing is left to wake for, and a close waits for no sleeper.
      if let alarm = state.alarm.take() { starts.superseded = alarm.task }
      return starts
    }
    guard !state.queue.isEmpty || state.resumeAt != nil || state.queue.hasRetriable else { return starts }
    if state.isClosing {
      if !state.queue.isAbandoned { state.queue.forceAll() }
    } else {
      noteFailures(&state)
    }
    guard state.flights > 0 || state.queue.ready > 0 || state.resumeAt != nil else { return starts }
    let now = clock.now
    var wake = state.isClosing ? nil : state.resumeAt
    if let due = state.queue.due(at: now) {
      let turn = turn(state, due: due)
      if let turn, turn <= now {
        state.flights += 1
        state.lastTakenAt = now
        starts.isFlightDue = true
      } else if let turn {
        wake = min(wake ?? turn, turn)
      }
    }
    if let wake, state.alarm.map({ wake < $0.at }) ?? true {
      state.alarms += 1
      starts.superseded = state.alarm?.task
      starts.alarm = Alarm(number: state.alarms, at: wake)
      state.alarm = starts.alarm
    }
    return starts
  }

  /// When the next flush may begin: as soon as it is due, or beside the others when they take too long.
  private func turn(_ state: State, due: Timestamp) -> Timestamp? {
    guard state.flights > 0, let lastTakenAt = state.lastTakenAt else { return due }
    guard state.flights < BufferConfiguration.maxFlights else { return nil }
    return max(due, lastTakenAt + configuration.patience)
  }

  /// Plans another attempt at what failed and may pass.
  private func noteFailures(_ state: inout State) {
    if !state.queue.hasRetriable {
      state.resumeAt = nil
    } else if state.resumeAt == nil {
      state.resumeAt = clock.now + state.resumeDelay
      state.resumeDelay = min(state.resumeDelay * 2, configuration.retryDelay * 32)
    }
  }

  func begin(_ starts: Starts) {
    for items in starts.urgent {
      tasks.spawn { [self] in await carryOut(items) }
    }
    if starts.isFlightDue {
      tasks.spawn { [self] in await fly() }
    }
    if let superseded = starts.superseded { tasks.cancel(superseded) }
    if let alarm = starts.alarm {
      let task = tasks.spawn { [self] in await sleep(until: alarm) }
      let isCurrent = state.withLock { state in
        guard state.alarm?.number == alarm.number else { return false }
        state.alarm?.task = task
        return true
      }
      if !isCurrent { tasks.cancel(task) }
    }
  }

  /// One flush after the other, until none is due.
  private func fly() async {
    // Without bulk calls one write at a time, so that one that takes long holds up no other.
    let limit = attempt.bulk == nil ? 1 : configuration.maxBatch
    while true {
      let batch = take(limit)
      guard !batch.isEmpty else { return }
      await carryOut(batch)
    }
  }

  private func take(_ limit: Int) -> [WriteQueue.Flying] {
    let batch = try? update { state, _ in
      let now = clock.now
      let batch = state.queue.isAbandoned ? [] : state.queue.take(limit, at: now)
      if batch.isEmpty { state.flights -= 1 } else { state.lastTakenAt = now }
      return batch
    }
    return batch ?? []
  }

  private func sleep(until alarm: Alarm) async {
    try? await clock.sleep(until: alarm.at)
    try? update { state, _ in
      guard state.alarm?.number == alarm.number else { return }
      state.alarm = nil
      if let resumeAt = state.resumeAt, resumeAt <= clock.now {
        state.resumeAt = nil
        state.queue.revive(at: clock.now)
        state.queue.forceAll()
      }
    }
  }

  /// Writes a batch and tells everyone concerned.
  private func carryOut(_ batch: [WriteQueue.Flying]) async {
    let start = clock.now
    let outcome = await attempt.carryOut(batch)
    let ended = clock.now
    let isOver = try? update { state, deliveries in
      // Given up by a close, and told so: what comes now changes nothing any more.
      guard !state.isOver else { return true }
      state.queue.counts.flushes += 1
      state.queue.counts.retried += outcome.retries
      for (flying, result) in zip(batch, outcome.results) {
        if case .success = result { state.resumeDelay = configuration.retryDelay }
        deliveries += state.queue.end(flying, result, at: ended)
      }
      return false
    }
    guard isOver == false else { return }
    metrics.duration.recordMilliseconds(start.duration(to: ended).wholeMilliseconds)
    report()
  }

  /// Tells the metrics what came since the last time. The sums are those of the counts.
  func report() {
    let (counts, last, depth) = state.withLock { state in
      defer { state.reported = state.queue.counts }
      return (state.queue.counts, state.reported, state.queue.count + state.handedOn.count)
    }
    metrics.add(counts, since: last)
    metrics.depth.record(depth)
  }
}
