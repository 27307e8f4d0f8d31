internal import AuthCache
internal import Synchronization

/// A write buffer over the subject, a clock of its own, and a look at every call that it makes of the subject.
struct BufferTrial: Sendable {
  let buffer: any BufferingBackend
  /// The subject itself, past the buffer.
  let store: any AuthCacheBackend
  let calls: DelegateCalls
  /// What the buffer measures its delays by. Stands still until it is told to advance.
  let clock: VirtualClock
  /// The tasks that the buffer started.
  let tasks: CountedTasks
}

extension Trial {
  /// Puts a write buffer in front of the subject.
  ///
  /// - Parameters:
  ///   - hidingBulk: Whether the buffer finds no bulk operations beneath it.
  ///   - watch: Sees what the buffer sends, and may do something else in its place.
  func buffered(
    _ configuration: BufferConfiguration, hidingBulk: Bool = false, watchedBy watch: StoreWatch? = nil
  ) async throws -> BufferTrial {
    let store = try await open()
    let (calls, clock, tasks) = (DelegateCalls(), VirtualClock(), CountedTasks())
    let base: any AuthCacheBackend = hidingBulk ? store.narrowed() : store
    let watched = watch.map { base.intercepted(by: $0) } ?? base
    let parts = LayerFactories.BufferParts(
      delegate: watched.intercepted(by: calls), configuration: configuration, clock: clock, spawner: tasks)
    let buffer = try subject.factory.layers.buffer(parts)
    state.withLock { $0.handles.append(buffer) }
    return BufferTrial(buffer: buffer, store: store, calls: calls, clock: clock, tasks: tasks)
  }
}

extension BufferConfiguration {
  /// Flushes nothing by its age, acknowledges sessions and clients at once.
  static func gathering(
    maxBatch: Int = 1_000, capacity: Int = 10_000, drainDeadline: Duration = .seconds(10)
  ) -> BufferConfiguration {
    BufferConfiguration(
      maxBatch: maxBatch, maxDelay: .seconds(86_400), capacity: capacity, queued: [.session, .client],
      drainDeadline: drainDeadline)
  }
}

/// Sees, and may stop or fail, every call that a buffer makes of its delegate.
final class DelegateCalls: BackendInterceptor {
  private struct State {
    var calls: [BackendCall] = []
    var isShut = false
    var waiting: [CheckedContinuation<Void, Never>] = []
    var fault: (@Sendable (BackendCall) -> AuthCacheError?)?
  }

  private let state = Mutex(State())

  /// Everything so far, in order.
  var all: [BackendCall] { state.withLock { $0.calls } }

  /// How many calls wait at the gate.
  var waiting: Int { state.withLock { $0.waiting.count } }

  /// How often each record was sent to be stored or removed.
  var sent: [Lookup: Int] {
    all.reduce(into: [:]) { sent, call in
      switch call {
      case .store(let record): sent[record.id, default: 0] += 1
      case .storeContents(let records): for record in records { sent[record.id, default: 0] += 1 }
      case .remove(let lookup): sent[lookup, default: 0] += 1
      case .removeContents(let lookups): for lookup in lookups { sent[lookup, default: 0] += 1 }
      default: break
      }
    }
  }

  /// Lets writes wait until ``open()``.
  func shut() { state.withLock { $0.isShut = true } }

  func open() {
    let waiting = state.withLock { state in
      state.isShut = false
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  /// Fails writes with what `fault` makes of them, without carrying them out; nil ends it.
  func fail(_ fault: (@Sendable (BackendCall) -> AuthCacheError?)?) { state.withLock { $0.fault = fault } }

  func intercept(_ call: BackendCall, proceed: BackendProceed) async throws(AuthCacheError) -> BackendAnswer {
    state.withLock { $0.calls.append(call) }
    switch call {
    case .store, .storeContents, .remove, .removeContents:
      await pass()
      if let error = state.withLock({ $0.fault })?(call) { throw error }
    default: break
    }
    return try await proceed(call)
  }

  private func pass() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let passes = state.withLock { state in
          if !state.isShut || Task.isCancelled { return true }
          state.waiting.append(continuation)
          return false
        }
        if passes { continuation.resume() }
      }
    } onCancel: {
      open()
    }
  }
}

extension Trial {
  /// Lets others run until `condition` holds. The check's deadline bounds it.
  func until(_ condition: () -> Bool) async {
    while !condition(), !Task.isCancelled { await Task.yield() }
  }
}
