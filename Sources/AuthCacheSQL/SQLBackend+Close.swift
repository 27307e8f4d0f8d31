package import AuthCache
internal import Synchronization

extension SQLBackend {
  enum Closing {
    case open
    case under(waiters: [CheckedContinuation<Result<Void, AuthCacheError>, Never>])
    case closed(Result<Void, AuthCacheError>)

    var isOpen: Bool { if case .open = self { true } else { false } }
  }

  func requireOpen(_ operation: AuthCacheError.Operation) throws(AuthCacheError) {
    guard closing.withLock({ $0.isOpen }) else { throw SQLFailure.closed.error(operation, nil) }
  }

  /// Serves what waits, within the deadline, and leaves no thread and no connection. Cancellation changes nothing.
  package func close() async throws(AuthCacheError) {
    let isFirst = closing.withLock { state in
      guard state.isOpen else { return false }
      state = .under(waiters: [])
      return true
    }
    guard isFirst else { return try await closed().get() }

    naps.end()
    timekeeper.close(by: .now + closeDeadline)
    // The writer last: the last connection to go folds the log into the database.
    let readersEnded = await readers.close()
    let readEnding = await reads.end()
    let writeEnding = await writes.end()
    timekeeper.stop()

    let isHung = !readersEnded || readEnding.isHung || writeEnding.isHung
    let result: Result<Void, AuthCacheError>
    if writeEnding.operations > 0 || isHung {
      let reason =
        "\(writeEnding.operations) accepted writes were given up after \(closeDeadline.wholeMilliseconds) ms"
        + (isHung ? ", and a thread that does not return from the database was left behind" : "")
      result = .failure(
        AuthCacheError(
          .drainIncomplete, effect: isHung ? .unknown : .none, operation: .close, reason,
          unwritten: writeEnding.unwritten))
    } else {
      result = .success(())
    }
    let waiters = closing.withLock { state in
      defer { state = .closed(result) }
      if case .under(let waiters) = state { return waiters }
      return []
    }
    for waiter in waiters { waiter.resume(returning: result) }
    try result.get()
  }

  /// What the first call to `close` answers.
  private func closed() async -> Result<Void, AuthCacheError> {
    await withCheckedContinuation { continuation in
      let known: Result<Void, AuthCacheError>? = closing.withLock { state in
        switch state {
        case .open: return nil
        case .closed(let result): return result
        case .under(let waiters):
          state = .under(waiters: waiters + [continuation])
          return nil
        }
      }
      if let known { continuation.resume(returning: known) }
    }
  }
}
