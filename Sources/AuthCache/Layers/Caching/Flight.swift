internal import Synchronization

/// One call of the delegate that several callers wait for. The one who makes it is the leader; the others follow.
package final class Flight: Sendable {
  /// What the followers hear.
  package enum Landing: Sendable {
    /// What the delegate answered. Whoever came after a write must see that it was not written meanwhile.
    case answer(Record?)
    /// The leader was cancelled: somebody else leads.
    case handedOver
    /// The leader's call failed: somebody else leads.
    case failed
    /// The follower itself was cancelled.
    case cancelled
  }

  private typealias Follower = (id: UInt64, continuation: CheckedContinuation<Landing, Never>)

  private struct State {
    var landing: Landing?
    /// Who waits, in the order in which they came.
    var followers: [Follower] = []
    var nextID: UInt64 = 0
  }

  /// What ``WriteGenerations`` stood at before the delegate was asked.
  package let generation: UInt64
  private let state = Mutex(State())

  package init(generation: UInt64) { self.generation = generation }

  /// Wakes everybody who follows.
  package func land(_ landing: Landing) {
    let followers = state.withLock { state in
      guard state.landing == nil else { return [] as [Follower] }
      state.landing = landing
      defer { state.followers = [] }
      return state.followers
    }
    for follower in followers { follower.continuation.resume(returning: landing) }
  }

  /// Waits for the leader, or until the calling task is cancelled.
  package func follow() async -> Landing {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let landing: Landing? = state.withLock { state in
          if let landing = state.landing { return landing }
          if Task.isCancelled { return .cancelled }
          state.followers.append((id, continuation))
          return nil
        }
        if let landing { continuation.resume(returning: landing) }
      }
    } onCancel: {
      let continuation: CheckedContinuation<Landing, Never>? = state.withLock { state in
        guard let index = state.followers.firstIndex(where: { $0.id == id }) else { return nil }
        return state.followers.remove(at: index).continuation
      }
      continuation?.resume(returning: .cancelled)
    }
  }
}
