internal import Synchronization

/// The tasks that a layer has started and that have not ended: none is lost sight of, so that a close can wait for all.
final class TaskLedger: Sendable {
  private struct State {
    var next = 0
    var tasks: [Int: Task<Void, Never>] = [:]
    var ended: [Int] = []
  }

  private let spawner: any TaskSpawner
  private let state = Mutex(State())

  init(spawner: any TaskSpawner) { self.spawner = spawner }

  /// Starts a task that is not cancelled with the caller.
  ///
  /// - Returns: its number.
  @discardableResult
  func spawn(_ work: @escaping @Sendable () async -> Void) -> Int {
    state.withLock { state in
      state.next += 1
      let number = state.next
      // Tasks whose work is over may still be at their last instruction; the new one waits for them, and whoever
      // waits for it has waited for all.
      let ended = state.ended.compactMap { state.tasks.removeValue(forKey: $0) }
      state.ended.removeAll()
      state.tasks[number] = spawner.spawn { [self] in
        for task in ended { await task.value }
        await work()
        self.state.withLock { $0.ended.append(number) }
      }
      return number
    }
  }

  func cancel(_ number: Int) { state.withLock { $0.tasks[number] }?.cancel() }

  func cancelAll() {
    let tasks = state.withLock { state in state.tasks.sorted { $0.key < $1.key } }
    for (_, task) in tasks { task.cancel() }
  }

  /// Returns when every task has ended, those started meanwhile included.
  func waitForAll() async {
    while let (number, task) = state.withLock({ state in state.tasks.min { $0.key < $1.key } }) {
      await task.value
      state.withLock { state in
        state.tasks[number] = nil
        state.ended.removeAll { $0 == number }
      }
    }
  }
}
