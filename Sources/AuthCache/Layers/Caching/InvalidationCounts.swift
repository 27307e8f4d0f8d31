/// What a cache heard of its ``InvalidationSource``. Exact, and without a key.
public struct InvalidationCounts: Hashable, Sendable {
  /// How often it began to listen.
  public var subscriptions = 0
  /// How often the source announced that something may have been missed. Those of this package begin with one.
  public var gaps = 0
  /// How often listening could not begin, or ended though the cache was not closed.
  public var failures = 0

  /// Counts of nothing yet.
  public init() {}
}
