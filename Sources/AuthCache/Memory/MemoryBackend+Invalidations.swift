extension MemoryBackend: InvalidationBackend {
  /// What is changed in this backend: for caches that several parts of a program put over it.
  public func invalidations() async throws(AuthCacheError) -> InvalidationStream { try hub.subscribe() }
}

extension Invalidation {
  /// What is announced when `record` has been written: its id, under which caches find whatever it was before, and its
  /// aliases, of which a cache may remember that they led to nothing.
  package static func changes(of record: Record) -> [Invalidation] { record.lookups.map(Invalidation.record) }
}
