public import AuthCache

/// A deliberately broken backend: wrong in exactly one way that a real system was wrong, and bound to the requirement
/// that must catch it.
///
/// Register a mutant's factory in place of your own to see your CI go red.
public struct Mutant: Sendable, Identifiable {
  /// Lower case words with hyphens, said of the mistake: `consume-reads-then-deletes`.
  public let name: String
  /// One sentence in the present tense.
  public let mistake: String
  /// The id of the requirement that must fail.
  public let boundTo: String
  /// Other requirements that the same mistake breaks by its nature.
  public let alsoBreaks: Set<String>
  /// Opens the broken backend.
  public let factory: BackendFactory

  public var id: String { name }

  /// A mutant with a store of its own.
  public init(
    _ name: String, _ mistake: String, boundTo: String, alsoBreaks: Set<String> = [],
    factory: (_ name: String) -> BackendFactory
  ) {
    self.name = name
    self.mistake = mistake
    self.boundTo = boundTo
    self.alsoBreaks = alsoBreaks
    self.factory = factory("mutant-" + name)
  }

  /// A memory backend whose calls go through `sabotage`.
  ///
  /// - Parameter sabotage: Makes the interceptor; called once for every handle.
  public init(
    _ name: String, _ mistake: String, boundTo: String, alsoBreaks: Set<String> = [],
    sabotage: @escaping @Sendable (BackendEnvironment) -> any BackendInterceptor
  ) {
    self.init(name, mistake, boundTo: boundTo, alsoBreaks: alsoBreaks) { name in
      BackendFactory(name) { environment in
        MemoryBackend(clock: environment.clock).intercepted(by: sabotage(environment))
      }
    }
  }

  /// A memory backend with one operation done wrong, where the mistake needs no memory of its own.
  public init(
    _ name: String, _ mistake: String, boundTo: String, alsoBreaks: Set<String> = [],
    answer: @escaping Sabotage.Answer
  ) {
    self.init(name, mistake, boundTo: boundTo, alsoBreaks: alsoBreaks) { environment in
      Sabotage(clock: environment.clock, answer: answer)
    }
  }
}

/// An interceptor made of one closure.
public struct Sabotage: BackendInterceptor {
  /// Answers a call, by passing it on or otherwise.
  public typealias Answer =
    @Sendable (BackendCall, any AuthCacheClock, BackendProceed) async throws(AuthCacheError) -> BackendAnswer

  let clock: any AuthCacheClock
  let declare: @Sendable (BackendProperties) -> BackendProperties
  let answer: Answer

  /// Passes every call on, unless told otherwise.
  public init(
    clock: any AuthCacheClock, declare: @escaping @Sendable (BackendProperties) -> BackendProperties = { $0 },
    answer: @escaping Answer = { call, _, proceed async throws(AuthCacheError) in try await proceed(call) }
  ) {
    self.clock = clock
    self.declare = declare
    self.answer = answer
  }

  public func intercept(
    _ call: BackendCall, proceed: BackendProceed
  ) async throws(AuthCacheError) -> BackendAnswer {
    try await answer(call, clock, proceed)
  }

  public func properties(of delegate: BackendProperties) -> BackendProperties { declare(delegate) }
}
