import AuthCache
import AuthCacheConformance

/// What a layer may do wrong.
enum WrongLayer: String, CaseIterable, Sendable, CustomStringConvertible {
  /// Serves what it has loaded a few times more, whatever was written meanwhile.
  case remembersTooLong
  /// Acknowledges some writes that it drops.
  case losesWrites
  /// Loads, then removes.
  case consumesInTwoSteps
  /// Is done with a removal before the store is.
  case acknowledgesRemovalsEarly

  var description: String { rawValue }

  var interceptor: any BackendInterceptor {
    switch self {
    case .remembersTooLong: Remembering()
    case .losesWrites: Losing()
    case .consumesInTwoSteps: Consuming()
    case .acknowledgesRemovalsEarly: Hasty()
    }
  }
}

private struct Remembering: BackendInterceptor {
  private let loaded = Locked<[Lookup: (answer: BackendAnswer, left: Int)]>([:])

  func intercept(_ call: BackendCall, proceed: BackendProceed) async throws(AuthCacheError) -> BackendAnswer {
    guard case .load(let lookup) = call else { return try await proceed(call) }
    let remembered = loaded.with { loaded -> BackendAnswer? in
      guard let (answer, left) = loaded[lookup] else { return nil }
      loaded[lookup] = left > 1 ? (answer, left - 1) : nil
      return answer
    }
    if let remembered { return remembered }
    let answer = try await proceed(call)
    if case .record(_?) = answer { loaded.with { $0[lookup] = (answer, 10) } }
    return answer
  }
}

private struct Losing: BackendInterceptor {
  private let stores = Count()

  func intercept(_ call: BackendCall, proceed: BackendProceed) async throws(AuthCacheError) -> BackendAnswer {
    guard case .store = call else { return try await proceed(call) }
    stores.add()
    return stores.value % 5 == 0 ? .done : try await proceed(call)
  }
}

private struct Consuming: BackendInterceptor {
  func intercept(_ call: BackendCall, proceed: BackendProceed) async throws(AuthCacheError) -> BackendAnswer {
    guard case .consume(let lookup) = call else { return try await proceed(call) }
    let answer = try await proceed(.load(lookup))
    if case .record(_?) = answer { _ = try await proceed(.remove(lookup)) }
    return answer
  }
}

private struct Hasty: BackendInterceptor {
  private let late = Locked<[BackendCall]>([])

  func intercept(_ call: BackendCall, proceed: BackendProceed) async throws(AuthCacheError) -> BackendAnswer {
    if case .remove(let lookup) = call, case .record(_?) = try await proceed(.load(lookup)) {
      late.with { $0.append(call) }
      return .flag(true)
    }
    let answer = try await proceed(call)
    for removal in late.with({ calls in
      defer { calls = [] }; return calls
    }) { _ = try await proceed(removal) }
    return answer
  }
}
