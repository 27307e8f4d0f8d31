internal import AuthCache
internal import Synchronization

/// Sees every call that a cache makes of its delegate, and may do something else in its place.
final class StoreWatch: BackendInterceptor {
  typealias Rule = @Sendable (BackendCall, BackendProceed) async throws(AuthCacheError) -> BackendAnswer

  private struct State {
    var counts: [AuthCacheError.Operation: Int] = [:]
    var last: BackendCall?
    var rule: Rule?
  }

  private let state = Mutex(State())

  /// How many calls of `operation` there were.
  subscript(operation: AuthCacheError.Operation) -> Int { state.withLock { $0.counts[operation] ?? 0 } }

  /// How many calls there were that only read.
  var reads: Int { self[.load] + self[.loadContents] }

  /// How many calls there were in all.
  var total: Int { state.withLock { $0.counts.values.reduce(0, +) } }

  /// The latest call.
  var last: BackendCall? { state.withLock { $0.last } }

  /// Does this in place of every call from now on; nil carries them out.
  func rule(_ rule: Rule?) { state.withLock { $0.rule = rule } }

  func intercept(_ call: BackendCall, proceed: BackendProceed) async throws(AuthCacheError) -> BackendAnswer {
    let rule = state.withLock { state in
      state.counts[call.operation, default: 0] += 1
      state.last = call
      return state.rule
    }
    guard let rule else { return try await proceed(call) }
    return try await rule(call, proceed)
  }
}

/// Shut until it is opened, for good. Whoever comes before waits.
final class Door: Sendable {
  private struct State {
    var isOpen = false
    var next = 0
    var waiting: [Int: CheckedContinuation<Bool, Never>] = [:]
  }

  private let state = Mutex(State())

  /// How many wait.
  var waiting: Int { state.withLock { $0.waiting.count } }

  func open() {
    let waiting = state.withLock { state in
      state.isOpen = true
      defer { state.waiting = [:] }
      return state.waiting
    }
    for continuation in waiting.sorted(by: { $0.key < $1.key }).map(\.value) { continuation.resume(returning: true) }
  }

  /// Returns when the door is open.
  ///
  /// - Throws: `cancelled` if the task is cancelled before that.
  func pass(_ operation: AuthCacheError.Operation) async throws(AuthCacheError) {
    let number = state.withLock { state in
      state.next += 1
      return state.next
    }
    let passed = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let passed: Bool? = state.withLock { state in
          if state.isOpen { return true }
          if Task.isCancelled { return false }
          state.waiting[number] = continuation
          return nil
        }
        if let passed { continuation.resume(returning: passed) }
      }
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: number) }?.resume(returning: false)
    }
    if !passed {
      throw AuthCacheError(.cancelled, effect: .none, operation: operation, "cancelled at the check's door")
    }
  }
}

/// Starts tasks, and knows how many of them have not ended.
final class CountedTasks: TaskSpawner {
  private let counts = Mutex((started: 0, running: 0))

  var started: Int { counts.withLock { $0.started } }
  var running: Int { counts.withLock { $0.running } }

  @discardableResult
  func spawn<Success: Sendable>(_ work: @escaping @Sendable () async -> Success) -> Task<Success, Never> {
    counts.withLock { $0 = ($0.started + 1, $0.running + 1) }
    return Task {
      defer { counts.withLock { $0.running -= 1 } }
      return await work()
    }
  }
}
