internal import AuthCache
internal import Synchronization

/// One operation on its way to a connection: queued, then taken, then answered, exactly once.
final class LaneRequest: Sendable {
  typealias Answer = Result<SQLAnswer, AuthCacheError>

  let request: SQLRequest
  let enqueuedAt = Monotonic.now
  private let state = Mutex(State())

  private struct State {
    var phase = Phase.created
    /// It was read over a connection that broke, and may be read once more.
    var wasRepeated = false
  }

  private enum Phase {
    case created
    case waiting(CheckedContinuation<Answer, Never>)
    case taken(CheckedContinuation<Answer, Never>)
    case answered
  }

  init(_ request: SQLRequest) { self.request = request }

  /// Waits for the answer, once `queue` has put this where it is served or has said why not.
  ///
  /// A cancellation before it is claimed ends it with `cancelled`; after that it runs to its end.
  func answer(_ queue: (LaneRequest) -> SQLFailure?) async throws(AuthCacheError) -> SQLAnswer {
    let answer = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        guard wait(with: continuation) else { return }
        if let refusal = queue(self) { fail(refusal) }
      }
    } onCancel: {
      cancel()
    }
    return try answer.get()
  }

  /// Says whom to answer. False if a cancellation came first; then it has been answered.
  private func wait(with continuation: CheckedContinuation<Answer, Never>) -> Bool {
    let waits = state.withLock { state in
      guard case .created = state.phase else { return false }
      state.phase = .waiting(continuation)
      return true
    }
    if !waits { continuation.resume(returning: .failure(cancellation)) }
    return waits
  }

  /// Answers `cancelled` if no lane has claimed it; else it runs to its end.
  private func cancel() {
    let continuation: CheckedContinuation<Answer, Never>? = state.withLock { state in
      switch state.phase {
      case .created:
        state.phase = .answered
        return nil
      case .waiting(let continuation):
        state.phase = .answered
        return continuation
      case .taken, .answered: return nil
      }
    }
    continuation?.resume(returning: .failure(cancellation))
  }

  /// Whether it still waits for a lane.
  var isWaiting: Bool {
    state.withLock { if case .waiting = $0.phase { true } else { false } }
  }

  /// Claims it for a lane; from here on a cancellation comes too late. False if it was answered meanwhile.
  func take() -> Bool {
    state.withLock { state in
      guard case .waiting(let continuation) = state.phase else { return false }
      state.phase = .taken(continuation)
      return true
    }
  }

  /// Undoes `take`, once: another connection is to try.
  func putBack() -> Bool {
    state.withLock { state in
      guard case .taken(let continuation) = state.phase, !state.wasRepeated else { return false }
      state.phase = .waiting(continuation)
      state.wasRepeated = true
      return true
    }
  }

  func settle(_ result: Result<SQLAnswer, SQLFailure>) {
    switch result {
    case .success(let answer): resume(.success(answer))
    case .failure(let failure): fail(failure)
    }
  }

  /// Answers with a failure, unless it was answered before.
  func fail(_ failure: SQLFailure) { resume(.failure(failure.error(request.operation, request.kind))) }

  private func resume(_ answer: Answer) {
    let continuation: CheckedContinuation<Answer, Never>? = state.withLock { state in
      switch state.phase {
      case .waiting(let continuation), .taken(let continuation):
        state.phase = .answered
        return continuation
      case .created, .answered: return nil
      }
    }
    continuation?.resume(returning: answer)
  }

  private var cancellation: AuthCacheError {
    AuthCacheError(
      .cancelled, operation: request.operation, kind: request.kind,
      "the task was cancelled before the operation began")
  }
}
