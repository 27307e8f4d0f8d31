internal import AuthCache
internal import Synchronization

/// Waits for whichever answer comes first; the others are ignored.
final class FirstAnswer<Answer: Sendable>: Sendable {
  private enum State {
    case empty
    case waiting(CheckedContinuation<Answer, Never>)
    case answered(Answer)
  }

  private let state = Mutex(State.empty)

  func give(_ answer: Answer) {
    let waiter: CheckedContinuation<Answer, Never>? = state.withLock { state in
      switch state {
      case .empty:
        state = .answered(answer)
        return nil
      case .waiting(let waiter):
        state = .answered(answer)
        return waiter
      case .answered: return nil
      }
    }
    waiter?.resume(returning: answer)
  }

  var value: Answer {
    get async {
      await withCheckedContinuation { continuation in
        let answer: Answer? = state.withLock { state in
          if case .answered(let answer) = state { return answer }
          state = .waiting(continuation)
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
    }
  }
}

/// Runs `body` in a task of its own and waits for it at most `limit` on the real clock; then cancels and abandons it.
///
/// - Returns: what `body` returned, or nil if it did not return in time, even if it does on being cancelled.
func bounded<Answer: Sendable>(
  by limit: Duration, on executor: any TaskExecutor, _ body: sending @escaping () async -> Answer
) async -> Answer? {
  let first = FirstAnswer<Answer?>()
  let late = Flag()
  let work = Task.detached(executorPreference: executor) {
    let answer = await body()
    first.give(late.isUp ? nil : answer)
  }
  let timer = Task.detached {
    try await Task.sleep(for: limit)
    late.raise()
    work.cancel()
    // A moment to notice the cancellation and put things away.
    try await Task.sleep(for: min(limit, .seconds(2)))
    first.give(nil)
  }
  defer { timer.cancel() }
  return await withTaskCancellationHandler {
    await first.value
  } onCancel: {
    work.cancel()
    // Work that does not notice is abandoned, as at its deadline.
    Task.detached {
      try await Task.sleep(for: .seconds(2))
      first.give(nil)
    }
  }
}

/// Goes up once, and stays up.
private final class Flag: Sendable {
  private let state = Atomic(false)
  var isUp: Bool { state.load(ordering: .acquiring) }
  func raise() { state.store(true, ordering: .releasing) }
}
