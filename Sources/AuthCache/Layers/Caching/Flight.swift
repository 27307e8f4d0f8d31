internal import Synchronization

/// One call of the delegate that several callers wait for. The one who makes it is the leader; the others follow.
final class Flight: Sendable {
  /// What the followers hear.
  enum Landing: Sendable {
    /// What the delegate answered. Whoever came after a write must see that it was not written meanwhile.
    case answer(Record?)
    /// The leader was cancelled: somebody else leads.
    case handedOver
    /// The leader's call failed: somebody else leads.
    case failed
    /// The follower itself was cancelled.
    case cancelled
  }

  private enum State {
    case flying([UInt64: CheckedContinuation<Landing, Never>], nextID: UInt64)
    case landed(Landing)
  }

  /// What ``WriteGenerations`` stood at before the delegate was asked.
  let generation: UInt64
  private let state = Mutex<State>(.flying([:], nextID: 0))

  init(generation: UInt64) { self.generation = generation }

  /// Wakes everybody who follows.
  func land(_ landing: Landing) {
    let followers = state.withLock { state in
      guard case .flying(let followers, _) = state else { return [UInt64: CheckedContinuation<Landing, Never>]() }
      state = .landed(landing)
      return followers
    }
    for (_, follower) in followers.sorted(by: { $0.key < $1.key }) { follower.resume(returning: landing) }
  }

  /// Waits for the leader, or until the calling task is cancelled.
  func follow() async -> Landing {
    let id = state.withLock { state in
      guard case .flying(let followers, let next) = state else { return UInt64.max }
      state = .flying(followers, nextID: next + 1)
      return next
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let landing: Landing? = state.withLock { state in
          switch state {
          case .landed(let landing): return landing
          case .flying(var followers, let nextID):
            if Task.isCancelled { return .cancelled }
            followers[id] = continuation
            state = .flying(followers, nextID: nextID)
            return nil
          }
        }
        if let landing { continuation.resume(returning: landing) }
      }
    } onCancel: {
      let continuation: CheckedContinuation<Landing, Never>? = state.withLock { state in
        guard case .flying(var followers, let nextID) = state else { return nil }
        let continuation = followers.removeValue(forKey: id)
        state = .flying(followers, nextID: nextID)
        return continuation
      }
      continuation?.resume(returning: .cancelled)
    }
  }
}
