internal import AuthCache
internal import DequeModule
internal import Synchronization

/// Admits so many at a time, in order of arrival.
package final class Gate: Sendable {
  private struct State {
    var free: Int
    var waiting: Deque<CheckedContinuation<Void, Never>> = []
  }

  private let state: Mutex<State>

  package init(width: Int) { state = Mutex(State(free: max(1, width))) }

  package func admit<Answer>(_ body: () async -> Answer) async -> Answer {
    await enter()
    defer { leave() }
    return await body()
  }

  private func enter() async {
    await withCheckedContinuation { continuation in
      let admitted = state.withLock { state in
        if state.free > 0 {
          state.free -= 1
          return true
        }
        state.waiting.append(continuation)
        return false
      }
      if admitted { continuation.resume() }
    }
  }

  private func leave() {
    let next = state.withLock { state in
      if let next = state.waiting.popFirst() { return Optional(next) }
      state.free += 1
      return nil
    }
    next?.resume()
  }
}
