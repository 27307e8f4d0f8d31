internal import AuthCache

/// A backend that can do no more than the nine operations, whatever stands behind it.
struct BackendWithoutBulk: AuthCacheBackend {
  let delegate: any AuthCacheBackend

  var properties: BackendProperties { delegate.properties }

  func store(_ record: Record) async throws(AuthCacheError) { try await delegate.store(record) }
  func insert(_ record: Record) async throws(AuthCacheError) -> Bool { try await delegate.insert(record) }
  func load(_ lookup: Lookup) async throws(AuthCacheError) -> Record? { try await delegate.load(lookup) }
  func consume(_ lookup: Lookup) async throws(AuthCacheError) -> Record? { try await delegate.consume(lookup) }

  func replace(_ current: Record, with next: Record) async throws(AuthCacheError) -> Bool {
    try await delegate.replace(current, with: next)
  }

  func extend(_ lookup: Lookup, to expiresAt: Timestamp) async throws(AuthCacheError) -> Bool {
    try await delegate.extend(lookup, to: expiresAt)
  }

  func remove(_ lookup: Lookup) async throws(AuthCacheError) -> Bool { try await delegate.remove(lookup) }

  func removeExpired(through cutoff: Timestamp, limit: Int) async throws(AuthCacheError) -> ExpiredCounts {
    try await delegate.removeExpired(through: cutoff, limit: limit)
  }

  func close() async throws(AuthCacheError) { try await delegate.close() }
}
