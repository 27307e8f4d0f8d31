import AuthCache
import AuthCacheConformance
import Synchronization

/// Holds whoever comes until it is opened, even those who are cancelled.
final class DeafGate: Sendable {
  private let state = Mutex((isOpen: false, waiting: [CheckedContinuation<Void, Never>]()))

  /// How many wait.
  var waiting: Int { state.withLock { $0.waiting.count } }

  func pass() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLock { state in
        if !state.isOpen { state.waiting.append(continuation) }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }

  func open() {
    let waiting = state.withLock { state in
      defer { state = (true, []) }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }
}

/// Carries calls out, and keeps the answers to some of them until its gate is opened.
struct DeafDelegate: BackendInterceptor {
  let gate = DeafGate()
  let isDeaf: @Sendable (BackendCall) -> Bool

  func intercept(_ call: BackendCall, proceed: BackendProceed) async throws(AuthCacheError) -> BackendAnswer {
    let answer = try await proceed(call)
    if isDeaf(call) { await gate.pass() }
    return answer
  }
}
