package import AuthCache
internal import Synchronization

/// What is known of a request without running it.
package struct RequestLabel: Sendable {
  package var operation: AuthCacheError.Operation
  package var kind: RecordKind?
  /// Whether it needs the transaction that writes.
  package var writes: Bool
  /// How many records it concerns.
  package var weight: Int
  /// How many records of each kind are not written if it is given up.
  package var unwritten: @Sendable () -> [RecordKind: Int]

  package init(
    _ operation: AuthCacheError.Operation, _ kind: RecordKind? = nil, writes: Bool, weight: Int = 1,
    unwritten: (@Sendable () -> [RecordKind: Int])? = nil
  ) {
    self.operation = operation
    self.kind = kind
    self.writes = writes
    self.weight = weight
    self.unwritten = unwritten ?? { kind.map { [$0: 1] } ?? [:] }
  }

  /// Whether it reads one record, and so may share a transaction with others that do.
  var isPointRead: Bool { operation == .load }
}

/// A request as its lane sees it. It is answered exactly once.
protocol LaneWork: AnyObject, Sendable {
  var label: RequestLabel { get }
  var enqueuedAt: Monotonic { get }

  /// Whether it still waits for an answer.
  var isWaiting: Bool { get }
  /// Claims it for the lane; from here on a cancellation comes too late. False if it was answered meanwhile.
  func take() -> Bool
  /// Undoes `take`: somebody else is to claim it.
  func putBack()
  /// Runs it and keeps the result; may be repeated.
  ///
  /// - Returns: what failed.
  func attempt(on connection: any SQLConnection) -> SQLFailure?
  /// Answers with the result of the last attempt.
  func deliver()
  /// Answers with a failure, unless it was answered before.
  func fail(_ failure: SQLFailure)
}

/// One operation on its way to a connection: queued, then taken, then answered.
final class LaneRequest<Value: Sendable>: LaneWork {
  typealias Answer = Result<Value, AuthCacheError>

  let label: RequestLabel
  let enqueuedAt = Monotonic.now
  private let body: @Sendable (any SQLConnection) throws(SQLFailure) -> Value
  private let state = Mutex(State())

  private struct State {
    var phase = Phase.created
    var result: Result<Value, SQLFailure>?
  }

  private enum Phase {
    case created
    case waiting(CheckedContinuation<Answer, Never>)
    case taken(CheckedContinuation<Answer, Never>)
    case answered
  }

  init(_ label: RequestLabel, _ body: @escaping @Sendable (any SQLConnection) throws(SQLFailure) -> Value) {
    self.label = label
    self.body = body
  }

  /// Waits for the answer, once `queue` has put this where it is served or has said why not.
  ///
  /// A cancellation before it is claimed ends it with `cancelled`; after that it runs to its end.
  func answer(_ queue: (LaneRequest) -> SQLFailure?) async throws(AuthCacheError) -> Value {
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
  func wait(with continuation: CheckedContinuation<Answer, Never>) -> Bool {
    let waits = state.withLock { state in
      guard case .created = state.phase else { return false }
      state.phase = .waiting(continuation)
      return true
    }
    if !waits { continuation.resume(returning: .failure(cancellation)) }
    return waits
  }

  /// Answers `cancelled` if the lane has not claimed it; else it runs to its end.
  func cancel() {
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

  var isWaiting: Bool {
    state.withLock { if case .waiting = $0.phase { true } else { false } }
  }

  func take() -> Bool {
    state.withLock { state in
      guard case .waiting(let continuation) = state.phase else { return false }
      state.phase = .taken(continuation)
      return true
    }
  }

  func putBack() {
    state.withLock { state in
      if case .taken(let continuation) = state.phase { state.phase = .waiting(continuation) }
    }
  }

  func attempt(on connection: any SQLConnection) -> SQLFailure? {
    let result: Result<Value, SQLFailure>
    do throws(SQLFailure) {
      result = .success(try body(connection))
    } catch {
      result = .failure(error)
    }
    state.withLock { $0.result = result }
    if case .failure(let failure) = result { return failure }
    return nil
  }

  func deliver() {
    let result = state.withLock { $0.result }
    switch result {
    case .success(let value): answer(.success(value))
    case .failure(let failure): fail(failure)
    case nil: fail(SQLFailure(.unavailable, "the operation was not run"))
    }
  }

  func fail(_ failure: SQLFailure) { answer(.failure(failure.error(label.operation, label.kind))) }

  private func answer(_ answer: Answer) {
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
      .cancelled, operation: label.operation, kind: label.kind, "the task was cancelled before the operation began")
  }
}
