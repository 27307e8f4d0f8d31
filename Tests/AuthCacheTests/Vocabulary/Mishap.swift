import AuthCache
import AuthCacheConformance
import Synchronization

/// What goes wrong with one call of the backend.
enum MishapKind: String, CaseIterable, Sendable {
  /// The process dies before the call; every later call fails as well.
  case crashBefore
  /// The process dies after the call was applied.
  case crashAfter
  /// The call certainly is not applied.
  case failsWithEffectNone
  /// The answer is lost; the call was applied.
  case appliedWithEffectUnknown
  /// The answer is lost; the call was not applied.
  case droppedWithEffectUnknown

  var isCrash: Bool { self == .crashBefore || self == .crashAfter }
}

/// Lets the call with this number go wrong, counting from zero.
final class Mishap: BackendInterceptor {
  let kind: MishapKind
  let number: Int
  private let calls = Atomic<Int>(0)

  init(_ kind: MishapKind, atCall number: Int) {
    self.kind = kind
    self.number = number
  }

  /// Whether there was such a call.
  var happened: Bool { calls.load(ordering: .relaxed) > number }

  func intercept(_ call: BackendCall, proceed: BackendProceed) async throws(AuthCacheError) -> BackendAnswer {
    let index = calls.add(1, ordering: .relaxed).oldValue
    if index < number || (index > number && !kind.isCrash) { return try await proceed(call) }
    guard index == number else { throw lost(call, .none) }
    switch kind {
    case .crashBefore: throw lost(call, .unknown)
    case .failsWithEffectNone: throw lost(call, .none)
    case .droppedWithEffectUnknown: throw lost(call, .unknown)
    case .crashAfter, .appliedWithEffectUnknown:
      _ = try await proceed(call)
      throw lost(call, .unknown)
    }
  }

  private func lost(_ call: BackendCall, _ effect: AuthCacheError.Effect) -> AuthCacheError {
    AuthCacheError(.unavailable, effect: effect, operation: call.operation, kind: call.kind, "lost")
  }
}
