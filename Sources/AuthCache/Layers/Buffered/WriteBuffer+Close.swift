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
      state.handedOn.room = 0
      let closing = spawner.spawn { [self] in await drainAndClose() }
      state.closing = closing
      return closing
    }
    try await task.value.get()
  }

  private func drainAndClose() async -> Result<Void, AuthCacheError> {
    let deadline = clock.now + configuration.drainDeadline
    // What callers carry themselves is no task of the buffer's.
    let carried = Acknowledgement(.close, nil, awaiting: 0)
    try? update { state, deliveries in
      let followed = state.queue.followFlying {
        carried.expectOneMore()
        return WriteWaiter(acknowledgement: carried, role: .indifferentFollower)
      }
      if followed == 0 { _ = carried.settle(.success(false)) }
      let refusal = AuthCacheError(.closed, operation: .store, "the buffer was closed before there was room")
      deliveries += state.queue.arrivals.compactMap { $0.waiter.fail(refusal) }
      state.queue.arrivals = []
      state.resumeAt = nil
      state.queue.revive(at: clock.now)
    }
    let drain = BoundedWork(clock: clock, spawner: spawner) { [tasks] in
      _ = await carried.answer()
      await tasks.waitForAll()
    }
    if await drain.value(by: deadline) == nil {
      let late = AuthCacheError(.timeout, operation: .close, "the buffer was closed before it could be written")
      try? update { state, deliveries in deliveries += state.queue.abandon(late) }
      tasks.cancelAll()
    }

    let ending = BoundedWork(clock: clock, spawner: spawner) { [delegate] in await delegate.closing() }
    let closed = await ending.value(by: clock.now + configuration.closeDeadline)

    if await drain.value(by: max(deadline, clock.now) + Self.grace) == nil {
      let lost = AuthCacheError(
        .timeout, effect: .unknown, operation: .close, "the delegate did not answer before the buffer was closed")
      try? update { state, deliveries in
        deliveries += state.queue.abandonFlying(lost, at: clock.now)
        state.isOver = true
      }
    }
    report()
    switch closed {
    case .success: return conclusion(delegate: nil)
    case .failure(let failure): return conclusion(delegate: failure)
    case nil:
      return conclusion(
        delegate: AuthCacheError(
          .timeout, effect: .unknown, operation: .close,
          "the delegate did not close before the deadline of the buffer's close; it is left behind"))
    }
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
}
