internal import Synchronization

/// Lets so many callers at a time ask the delegate for one key by themselves, in the order in which they came.
///
/// Needed only where a shared call came to nothing several times: else a crowd that waited for one call would fall upon a
/// store that is just failing.
final class Turnstile: Sendable {
  private typealias Waiter = (id: UInt64, continuation: CheckedContinuation<Bool, Never>)

  private struct Queue {
    var inside = 1
    var waiting: [Waiter] = []
  }

  private struct State {
    var queues: [Lookup: Queue] = [:]
    var next: UInt64 = 0
  }

  private let width: Int
  private let state = Mutex(State())

  init(width: Int) { self.width = width }

  /// Returns when it is the caller's turn, or false if it was cancelled before that.
  func enter(_ lookup: Lookup) async -> Bool {
    let id = state.withLock { state in
      state.next += 1
      return state.next
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isIn: Bool? = state.withLock { state in
          if Task.isCancelled { return false }
          guard let inside = state.queues[lookup]?.inside else {
            state.queues[lookup] = Queue()
            return true
          }
          if inside < width {
            state.queues[lookup]?.inside += 1
            return true
          }
          state.queues[lookup]?.waiting.append((id, continuation))
          return nil
        }
        if let isIn { continuation.resume(returning: isIn) }
      }
    } onCancel: {
      let continuation: CheckedContinuation<Bool, Never>? = state.withLock { state in
        guard let index = state.queues[lookup]?.waiting.firstIndex(where: { $0.id == id }) else { return nil }
        return state.queues[lookup]?.waiting.remove(at: index).continuation
      }
      continuation?.resume(returning: false)
    }
  }

  /// Lets the next one in.
  func leave(_ lookup: Lookup) {
    let next = state.withLock { state -> Waiter? in
      guard let queue = state.queues[lookup] else { return nil }
      if !queue.waiting.isEmpty { return state.queues[lookup]?.waiting.removeFirst() }
      if queue.inside > 1 { state.queues[lookup]?.inside -= 1 } else { state.queues[lookup] = nil }
      return nil
    }
    next?.continuation.resume(returning: true)
  }
}
