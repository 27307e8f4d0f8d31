internal import Synchronization

/// Work that may never end, waited for until a deadline.
///
/// It runs in a task of its own, so that whoever waits goes on without it. What it comes to later has no effect.
struct BoundedWork<Value: Sendable>: Sendable {
  private let outcome = Outcome<Value>()
  private let clock: any AuthCacheClock
  private let spawner: any TaskSpawner
  private let task: Task<Void, Never>

  /// Begins `work`.
  init(clock: any AuthCacheClock, spawner: any TaskSpawner, _ work: @escaping @Sendable () async -> Value) {
    self.clock = clock
    self.spawner = spawner
    task = spawner.spawn { [outcome] in outcome.settle(await work()) }
  }

  /// What it came to, or nil if the deadline passes first. Leaves no sleeper behind. For one caller at a time.
  func value(by deadline: Timestamp) async -> Value? {
    if outcome.isOpen {
      outcome.isAwaited = true
      let alarm = spawner.spawn { [clock, outcome] in
        do { try await clock.sleep(until: deadline) } catch { return }
        outcome.isAwaited = false
      }
      await outcome.wait()
      alarm.cancel()
      await alarm.value
    }
    guard let value = outcome.value else { return nil }
    await task.value
    return value
  }
}

private final class Outcome<Value: Sendable>: Sendable {
  private struct State {
    var value: Value?
    /// Whether the deadline of whoever waits has not passed.
    var isAwaited = false
    var waiter: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  var value: Value? { state.withLock { $0.value } }
  var isOpen: Bool { value == nil }

  var isAwaited: Bool {
    get { state.withLock { $0.isAwaited } }
    set {
      change { $0.isAwaited = newValue }
    }
  }

  func settle(_ value: Value) { change { $0.value = value } }

  /// Returns when there is a value, or nobody waits for it any longer.
  func wait() async {
    await withCheckedContinuation { continuation in
      change { $0.waiter = continuation }
    }
  }

  private func change(_ body: (inout State) -> Void) {
    let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
      body(&state)
      guard state.value != nil || !state.isAwaited else { return nil }
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
  }
}
