/// A layer that remembers what was read. The conformance kit asks its requirements for caches of anything that conforms;
/// ``CachingBackend`` does.
///
/// Beside the operations of a backend it says what it holds and what it did, and never of which record.
public protocol CachingLayer: AuthCacheBackend {
  /// What the cache of `kind` did so far; all zero for a kind that is not cached.
  func counts(of kind: RecordKind) -> CacheCounts

  /// How many records of `kind` are in the cache.
  func cachedCount(of kind: RecordKind) -> Int

  /// How many absences of `kind` are remembered.
  func rememberedCount(of kind: RecordKind) -> Int

  /// Drops everything that is cached.
  func flush()
}
