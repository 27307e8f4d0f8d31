/// Where a cache hears of what other processes wrote.
///
/// ```swift
/// let source = InvalidationSource(postgres)
/// let cache = CachingBackend(over: postgres, invalidatedBy: source)
/// ```
public struct InvalidationSource: Sendable {
  /// Hands each invalidation on until the subscription ends.
  typealias Listen = @Sendable (_ hear: (Invalidation) -> Void) async throws(AuthCacheError) -> Void
  let listen: Listen
  let pause: Duration

  /// Subscribes once, and hands each announcement to `body` until the subscription ends: for a cache of your own. A gap
  /// comes first. Subscribe anew when it returns or throws, and drop what you remember.
  public func hear(_ body: (Invalidation) -> Void) async throws(AuthCacheError) { try await listen(body) }

  /// The changes that `backend` announces.
  ///
  /// - Parameter pause: how long to wait before subscribing anew when a subscription has ended.
  public init(_ backend: some InvalidationBackend, resubscribingAfter pause: Duration = .milliseconds(200)) {
    self.init(resubscribingAfter: pause) { () async throws(AuthCacheError) in try await backend.invalidations() }
  }

  /// Any sequence of invalidations, subscribed to anew whenever it ends or throws.
  ///
  /// - Parameters:
  ///   - pause: how long to wait before that.
  ///   - subscribe: begins to listen. What was written before it returns need not be announced.
  public init<Invalidations: AsyncSequence<Invalidation, AuthCacheError> & Sendable>(
    resubscribingAfter pause: Duration = .milliseconds(200),
    subscribe: @escaping @Sendable () async throws(AuthCacheError) -> Invalidations
  ) {
    self.pause = pause
    listen = { hear throws(AuthCacheError) in
      let invalidations = try await subscribe()
      hear(.gap)
      for try await invalidation in invalidations { hear(invalidation) }
    }
  }
}
