import AuthCache
import AuthCacheConformance
import Synchronization

/// Sees every call that a buffer makes of its delegate, and fails those it is told to.
final class DelegateProbe: BackendInterceptor {
  /// What becomes of a call.
  enum Fault: Sendable {
    /// Not carried out, and said so.
    case refused(AuthCacheError.Code)
    /// Not carried out, and nobody can tell.
    case lost(AuthCacheError.Code)
    /// Carried out, and nobody can tell.
    case doubtful(AuthCacheError.Code)
  }

  typealias Script = @Sendable (_ number: Int, _ call: BackendCall) async -> Fault?

  private struct State {
    var calls: [BackendCall] = []
    var script: Script?
  }

  private let state = Mutex(State())

  init(_ script: Script? = nil) { state.withLock { $0.script = script } }

  /// Every call so far.
  var calls: [BackendCall] { state.withLock { $0.calls } }

  /// The calls that write, a bulk call counted once.
  var writes: [BackendCall] {
    calls.filter {
      switch $0 {
      case .store, .storeContents, .remove, .removeContents: true
      default: false
      }
    }
  }

  /// How often each record was sent, alone or in bulk.
  var sent: [Lookup: Int] {
    var sent: [Lookup: Int] = [:]
    for call in calls {
      switch call {
      case .store(let record): sent[record.id, default: 0] += 1
      case .storeContents(let records): for record in records { sent[record.id, default: 0] += 1 }
      case .remove(let lookup): sent[lookup, default: 0] += 1
      case .removeContents(let lookups): for lookup in lookups { sent[lookup, default: 0] += 1 }
      default: break
      }
    }
    return sent
  }

  func follow(_ script: Script?) { state.withLock { $0.script = script } }

  func intercept(_ call: BackendCall, proceed: BackendProceed) async throws(AuthCacheError) -> BackendAnswer {
    let (number, script) = state.withLock { state in
      state.calls.append(call)
      return (state.calls.count, state.script)
    }
    await Schedule.current?.point()
    let fault = await script?(number, call)
    switch fault {
    case nil: break
    case .refused(let code): throw AuthCacheError(code, operation: call.operation, "refused by the test")
    case .lost(let code): throw AuthCacheError(code, effect: .unknown, operation: call.operation, "lost by the test")
    case .doubtful(let code):
      _ = try await proceed(call)
      throw AuthCacheError(code, effect: .unknown, operation: call.operation, "doubted by the test")
    }
    let answer = try await proceed(call)
    await Schedule.current?.point()
    return answer
  }
}
