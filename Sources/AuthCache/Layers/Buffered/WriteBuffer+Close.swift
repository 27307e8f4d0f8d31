internal import Synchronization

extension WriteBuffer {
  /// How long past the deadline a close waits for calls that the delegate's own close has ended.
  private static var grace: Duration { .seconds(1) }

  /// Ends the buffer, then the delegate. The first call decides; every call answers the same.
  func close() async throws(AuthCacheError) {
    let task = state.withLock { state in
      if let closing = state.closing { return closing }
      state.isClosing = true
      state.log.room = 0
      let closing = spawner.spawn { [self] in await drainAndClose() }
      state.closing = closing
      return closing
    }
    try await task.value.get()
  }

  private func drainAndClose() async -> Result<Void, AuthCacheError> {
    let deadline = clock.now + configuration.drainDeadline
    try? update { state, deliveries in
      let refusal = AuthCacheError(.closed, operation: .store, "the buffer was closed before there was room")
      deliveries += state.queue.arrivals.compactMap { $0.waiter.fail(refusal) }
      state.queue.arrivals = []
      state.resumeAt = nil
      state.queue.revive(at: clock.now)
    }
    let drained = Acknowledgement(.close, nil)
    let ended = Acknowledgement(.close, nil)
    let all = spawner.spawn { [tasks] in
      await tasks.waitForAll()
      drained.settle(.success(true))?.deliver()
      ended.settle(.success(true))?.deliver()
    }
    if await !isSettled(drained, by: deadline) {
      let late = AuthCacheError(.timeout, operation: .close, "the buffer was closed before it could be written")
      try? update { state, deliveries in deliveries += state.queue.abandon(late) }
      tasks.cancelAll()
    }

    var failure: AuthCacheError?
    do throws(AuthCacheError) { try await delegate.close() } catch { failure = error }

    if await isSettled(ended, by: max(deadline, clock.now) + Self.grace) {
      await all.value
    } else {
      let lost = AuthCacheError(
        .timeout, effect: .unknown, operation: .close, "the delegate did not answer before the buffer was closed")
      try? update { state, deliveries in deliveries += state.queue.abandonFlying(lost, at: clock.now) }
    }
    return conclusion(delegate: failure)
  }

  private func conclusion(delegate failure: AuthCacheError?) -> Result<Void, AuthCacheError> {
    var left = state.withLock { $0.queue.left }.filter { $0.value > 0 }
    let own = left.values.reduce(0, +)
    guard own > 0 else { return failure.map { .failure($0) } ?? .success(()) }
    if let failure, failure.code == .drainIncomplete { left.merge(failure.unwritten, uniquingKeysWith: +) }
    let also = failure.map { "; its delegate: \($0.reason)" } ?? ""
    return .failure(
      AuthCacheError(
        .drainIncomplete, effect: .unknown, operation: .close, "\(own) writes of the buffer are not persisted\(also)",
        unwritten: left))
  }

  /// Waits for `event`, or until the deadline has passed, and leaves no sleeper behind.
  private func isSettled(_ event: Acknowledgement, by deadline: Timestamp) async -> Bool {
    let alarm = spawner.spawn { [clock] in
      do { try await clock.sleep(until: deadline) } catch { return }
      event.settle(.success(false))?.deliver()
    }
    let answer = await event.answer()
    alarm.cancel()
    await alarm.value
    if case .success(true) = answer { return true }
    return false
  }
}
