internal import AuthCache
internal import Synchronization

/// One operation on its way to a connection: queued, then taken, then answered, exactly once.
final class LaneRequest: Sendable {
  let request: SQLRequest
  /// What of the request the lanes look at again and again.
  let digest: RecordDigest
  let writes: Bool
  let enqueuedAt = Monotonic.now
  private let state = Mutex(State())

  private struct State {
    var phase = Phase.created
    /// It was read over a connection that broke, and may be read once more.
    var wasRepeated = false
    /// Nobody sees it before the phase says `answered`.
    var answer: Result<SQLAnswer, AuthCacheError>?
    // Resumed by whoever sets the phase to `answered`, and that happens once.
    var continuation: UnsafeContinuation<Void, Never>?
    var gate: AnswerGate?
  }

  private enum Phase { case created, waiting, taken, answered }

  init(_ request: SQLRequest) {
    self.request = request
    digest = request.sortingDigest
    writes = request.writes
  }

  /// Waits for the answer, once `queue` has put this where it is served or has said why not.
  ///
  /// A cancellation before it is claimed ends it with `cancelled`; after that it runs to its end.
  func answer(_ queue: (LaneRequest) -> SQLFailure?) async throws(AuthCacheError) -> SQLAnswer {
    await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        guard wait(with: continuation) else { return continuation.resume() }
        if let refusal = queue(self) { fail(refusal) }
      }
    } onCancel: {
      cancel()
    }
    let (answer, gate) = state.withLock { ($0.answer.take(), $0.gate) }
    gate?.wait()
    return try (answer ?? .failure(cancellation)).get()
  }

  /// Says whom to answer. False if a cancellation came first.
  private func wait(with continuation: UnsafeContinuation<Void, Never>) -> Bool {
    state.withLock { state in
      guard state.phase == .created else { return false }
      state.phase = .waiting
      state.continuation = continuation
      return true
    }
  }

  /// Answers `cancelled` if no lane has claimed it; else it runs to its end.
  private func cancel() {
    let continuation: UnsafeContinuation<Void, Never>? = state.withLock { state in
      guard state.phase == .created || state.phase == .waiting else { return nil }
      state.phase = .answered
      return state.continuation.take()
    }
    continuation?.resume()
  }

  /// Whether it still waits for a lane.
  var isWaiting: Bool { state.withLock { $0.phase == .waiting } }

  /// Claims it for a lane; from here on a cancellation comes too late. False if it was answered meanwhile.
  func take() -> Bool {
    state.withLock { state in
      guard state.phase == .waiting else { return false }
      state.phase = .taken
      return true
    }
  }

  /// Undoes `take`, once: another connection is to try.
  func putBack() -> Bool {
    state.withLock { state in
      guard state.phase == .taken, !state.wasRepeated else { return false }
      state.phase = .waiting
      state.wasRepeated = true
      state.answer = nil
      return true
    }
  }

  /// Keeps an answer until `deliver`: what it is worth is known at the end of the transaction.
  func prepare(_ answer: SQLAnswer) {
    state.withLock { if $0.phase == .taken { $0.answer = .success(answer) } }
  }

  /// The same, with a failure that the transaction survives.
  func prepare(_ failure: SQLFailure) {
    let failure = failure.error(request.operation, request.kind)
    state.withLock { if $0.phase == .taken { $0.answer = .failure(failure) } }
  }

  /// Hands out what was prepared, once those it is delivered with have theirs.
  func deliver(behind gate: AnswerGate?) { resume(nil, behind: gate) }

  func settle(_ result: Result<SQLAnswer, SQLFailure>) {
    switch result {
    case .success(let answer): resume(.success(answer))
    case .failure(let failure): fail(failure)
    }
  }

  /// Answers with a failure, unless it was answered before.
  func fail(_ failure: SQLFailure) { resume(.failure(failure.error(request.operation, request.kind))) }

  /// - Parameter answer: nil for what was prepared.
  private func resume(_ answer: Result<SQLAnswer, AuthCacheError>?, behind gate: AnswerGate? = nil) {
    let continuation: UnsafeContinuation<Void, Never>? = state.withLock { state in
      guard state.phase == .waiting || state.phase == .taken else { return nil }
      state.phase = .answered
      state.gate = gate
      if let answer {
        state.answer = answer
      } else if state.answer == nil {
        state.answer = .failure(SQLFailure.misplacedAnswer.error(request.operation, request.kind))
      }
      return state.continuation.take()
    }
    continuation?.resume()
  }

  private var cancellation: AuthCacheError {
    AuthCacheError(
      .cancelled, operation: request.operation, kind: request.kind,
      "the task was cancelled before the operation began")
  }
}
