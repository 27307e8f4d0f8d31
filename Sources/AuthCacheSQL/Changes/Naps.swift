internal import AuthCache
internal import Synchronization

/// Those who wait until it is time to look again, and can be woken for good.
final class Naps: Sendable {
  private struct State {
    var sleepers: [Int: Task<Void, Never>] = [:]
    var next = 0
    var isOver = false
  }

  private let state = Mutex(State())

  /// - Returns: whether there is a reason to look again: false after ``end()``.
  func nap(_ duration: Duration, on clock: any AuthCacheClock) async -> Bool {
    let sleeper = Task { _ = try? await clock.sleep(for: duration) }
    let number: Int? = state.withLock { state in
      guard !state.isOver else { return nil }
      state.next += 1
      state.sleepers[state.next] = sleeper
      return state.next
    }
    guard let number else {
      sleeper.cancel()
      return false
    }
    await withTaskCancellationHandler {
      await sleeper.value
    } onCancel: {
      sleeper.cancel()
    }
    return state.withLock { state in
      state.sleepers[number] = nil
      return !state.isOver
    }
  }

  func end() {
    let sleepers = state.withLock { state in
      state.isOver = true
      return state.sleepers.values
    }
    for sleeper in sleepers { sleeper.cancel() }
  }
}
