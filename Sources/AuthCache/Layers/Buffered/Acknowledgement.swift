internal import Synchronization

/// What one caller waits for: that a write is persisted, or that the writes before its own operation are.
///
/// Settled once, under the buffer's lock, and delivered after it: nobody is woken while the lock is held.
final class Acknowledgement: Sendable {
  typealias Answer = Result<Bool, AuthCacheError>

  let operation: AuthCacheError.Operation
  let kind: RecordKind?
  private let state: Mutex<State>

  private struct State {
    /// How many writes there still are to wait for.
    var remaining: Int
    var failure: AuthCacheError?
    var answer: Answer?
    var continuation: CheckedContinuation<(Answer, AnswerGate?), Never>?
  }

  init(_ operation: AuthCacheError.Operation, _ kind: RecordKind?, awaiting count: Int = 1) {
    self.operation = operation
    self.kind = kind
    state = Mutex(State(remaining: count))
  }

  var isSettled: Bool { state.withLock { $0.answer != nil } }

  /// Waits for one write more.
  func expectOneMore() { state.withLock { $0.remaining += 1 } }

  /// One of the writes has ended. The first failure is the answer, as soon as it comes.
  func settle(_ answer: Answer) -> Delivery? {
    state.withLock { state in
      guard state.answer == nil else { return nil }
      state.remaining -= 1
      if case .success = answer, state.remaining > 0 { return nil }
      state.answer = answer
      return state.continuation.take().map { Delivery(continuation: $0, answer: answer) }
    }
  }

  /// The answer, as soon as there is one.
  func answer() async -> Answer {
    let (answer, gate) = await withCheckedContinuation { continuation in
      let known: Answer? = state.withLock { state in
        if let answer = state.answer { return answer }
        state.continuation = continuation
        return nil
      }
      if let known { continuation.resume(returning: (known, nil)) }
    }
    gate?.wait()
    return answer
  }

  /// An answer on its way to who waits for it.
  struct Delivery: Sendable {
    fileprivate let continuation: CheckedContinuation<(Answer, AnswerGate?), Never>
    fileprivate let answer: Answer

    /// - Parameter gate: where who waits for it meets the others that are answered with it.
    func deliver(behind gate: AnswerGate? = nil) { continuation.resume(returning: (answer, gate)) }
  }
}

/// Who waits for a write, and what its end means to them.
struct WriteWaiter: Sendable {
  enum Role: Sendable {
    /// Stored the record, or a version that was coalesced into it.
    case store
    /// Removes it, and hears whether a live record went.
    case remove
    /// Removes what another waiting removal has removed already.
    case laterRemove
    /// Goes on to another operation when the write has ended. Does not mind the failure of a write that certainly had no
    /// effect and that nobody counts on: it is as if it had never been called.
    case follower
    /// Wants to know whether it is persisted.
    case flusher
    /// Goes on, whatever became of it.
    case indifferentFollower
  }

  let acknowledgement: Acknowledgement
  let role: Role

  /// Tells that the write is persisted; `removed` says whether a live record went.
  func succeed(removed: Bool) -> Acknowledgement.Delivery? {
    acknowledgement.settle(.success(role == .remove && removed))
  }

  /// Tells that the write failed; `isAcknowledged` says whether somebody counts on it.
  func fail(_ error: AuthCacheError, isAcknowledged: Bool = false) -> Acknowledgement.Delivery? {
    let (operation, kind) = (acknowledgement.operation, acknowledgement.kind)
    guard hears(error, isAcknowledged: isAcknowledged) else { return acknowledgement.settle(.success(false)) }
    switch role {
    case .store, .remove, .laterRemove: return acknowledgement.settle(.failure(error.retold(by: operation, of: kind)))
    case .follower, .flusher, .indifferentFollower:
      let reason = "a write before it failed: \(error.reason)"
      return acknowledgement.settle(.failure(error.retold(by: operation, of: kind, effect: .some(.none), reason)))
    }
  }

  /// Whether the caller hears of this failure.
  func hears(_ error: AuthCacheError, isAcknowledged: Bool) -> Bool {
    switch role {
    case .store, .remove, .laterRemove, .flusher: true
    case .follower: isAcknowledged || error.effect == .unknown
    case .indifferentFollower: false
    }
  }
}
