internal import Metrics
internal import Synchronization

/// Writes that go to a delegate that gathers by itself, in the tasks of their callers. What else concerns their records
/// waits for them as for any other write.
extension WriteBuffer {
  /// A write on its way.
  struct Departure: Sendable {
    let write: BufferedWrite
    let number: UInt64
    /// When it began; not everyone looks at the clock.
    let start: Timestamp?
  }

  /// Notes a write that goes to the delegate at once. The caller sends it there and says what became of it.
  ///
  /// - Returns: nil if it has to be submitted.
  func depart(_ write: BufferedWrite) -> Departure? {
    guard handsOn else { return nil }
    let number = state.withLock { state in
      guard let number = state.depart(write) else { return nil as UInt64? }
      attention.store(1, ordering: .releasing)
      return number
    }
    return number.map { departure(of: write, $0) }
  }

  /// Says that a write was carried out at the first attempt.
  func arrive(_ departure: Departure, removed: Bool = false) {
    let flushes = state.withLock { state in
      guard state.arrive(departure.write.id, departure.number) else { return nil as Int? }
      if !state.needsAttention { attention.store(0, ordering: .releasing) }
      return state.queue.counts.flushes
    }
    guard let flushes else { return end(departure, (.success(removed), 0)) }
    tell(departure, flushes)
  }

  /// Says that the first attempt failed; makes another one if it had no effect.
  ///
  /// - Returns: whether a live record was removed.
  func arrive(_ departure: Departure, failedWith error: AuthCacheError) async throws(AuthCacheError) -> Bool {
    let outcome = await attempt.carryOut(departure.write, after: error)
    end(departure, outcome)
    return try outcome.result.get()
  }

  /// Hands a write on when the queue has to be looked at first.
  ///
  /// - Returns: whether a live record was removed; nil if the write has to wait for others.
  func handOn(
    _ write: BufferedWrite, _ operation: AuthCacheError.Operation
  ) async throws(AuthCacheError) -> Bool? {
    let number: UInt64? = try update { state, _ throws(AuthCacheError) in
      try requireOpen(&state, operation, write.kind)
      return state.queue.depart(write)
    }
    guard let number else { return nil }
    let departure = departure(of: write, number)
    let outcome = await attempt.carryOut(write)
    end(departure, outcome)
    return try outcome.result.get()
  }

  private func departure(of write: BufferedWrite, _ number: UInt64) -> Departure {
    Departure(write: write, number: number, start: number.isMultiple(of: 16) ? clock.now : nil)
  }

  private func end(_ departure: Departure, _ outcome: BatchAttempt.Single) {
    let flushes: Int?? = try? update { state, deliveries in
      // Given up by a close, and told so: what comes now changes nothing any more.
      guard !state.isOver else { return nil }
      state.queue.counts.flushes += 1
      state.queue.counts.retried += outcome.retries
      deliveries += state.queue.arrive(departure.write.id, departure.number, outcome.result, at: clock.now)
      return state.queue.counts.flushes
    }
    if let flushes, let flushes { tell(departure, flushes) }
  }

  /// Tells the metrics of most of them together; the sums are right when the buffer is closed.
  private func tell(_ departure: Departure, _ flushes: Int) {
    if let start = departure.start {
      metrics.duration.recordMilliseconds(start.duration(to: clock.now).wholeMilliseconds)
    }
    if flushes.isMultiple(of: 16) { report() }
  }
}
