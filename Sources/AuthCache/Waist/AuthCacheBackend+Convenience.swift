extension AuthCacheBackend {
  /// The live record of `kind` under the id `digest`, or nil.
  public func load(_ kind: RecordKind, _ digest: RecordDigest) async throws(AuthCacheError) -> Record? {
    try await load(.id(kind, digest))
  }

  /// Stores many records: in one unit where the backend is a ``BulkBackend``, else one after the other.
  ///
  /// Without the capability a failure leaves the records before it stored.
  public func storeEach(_ records: [Record]) async throws(AuthCacheError) {
    if let bulk = self as? any BulkBackend { return try await bulk.store(contentsOf: records) }
    for record in records { try await store(record) }
  }

  /// Removes many records: in one unit where the backend is a ``BulkBackend``, else one after the other.
  public func removeEach(_ lookups: [Lookup]) async throws(AuthCacheError) -> [Bool] {
    if let bulk = self as? any BulkBackend { return try await bulk.remove(contentsOf: lookups) }
    var removed: [Bool] = []
    for lookup in lookups { removed.append(try await remove(lookup)) }
    return removed
  }

  /// Loads many records: together where the backend is a ``BulkBackend``, else one after the other.
  public func loadEach(_ lookups: [Lookup]) async throws(AuthCacheError) -> [Record?] {
    if let bulk = self as? any BulkBackend { return try await bulk.load(contentsOf: lookups) }
    var records: [Record?] = []
    for lookup in lookups { records.append(try await load(lookup)) }
    return records
  }
}
