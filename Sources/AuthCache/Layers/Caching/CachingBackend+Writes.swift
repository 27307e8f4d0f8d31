extension CachingBackend {
  public func store(_ record: Record) async throws(AuthCacheError) {
    core.forget(record)
    defer { core.forget(record) }
    try await delegate.store(record)
  }

  public func insert(_ record: Record) async throws(AuthCacheError) -> Bool {
    core.forget(record)
    defer { core.forget(record) }
    return try await delegate.insert(record)
  }

  public func consume(_ lookup: Lookup) async throws(AuthCacheError) -> Record? {
    core.forget(lookup)
    defer { core.forget(lookup) }
    let record = try await delegate.consume(lookup)
    if let record { core.forget(record) }
    return record
  }

  public func replace(_ current: Record, with next: Record) async throws(AuthCacheError) -> Bool {
    forget(current, next)
    defer { forget(current, next) }
    return try await delegate.replace(current, with: next)
  }

  public func extend(_ lookup: Lookup, to expiresAt: Timestamp) async throws(AuthCacheError) -> Bool {
    core.forget(lookup)
    defer { core.forget(lookup) }
    return try await delegate.extend(lookup, to: expiresAt)
  }

  public func remove(_ lookup: Lookup) async throws(AuthCacheError) -> Bool {
    core.forget(lookup)
    defer { core.forget(lookup) }
    return try await delegate.remove(lookup)
  }

  public func removeExpired(through cutoff: Timestamp, limit: Int) async throws(AuthCacheError) -> ExpiredCounts {
    // What has expired is not served from here anyway.
    try await delegate.removeExpired(through: cutoff, limit: limit)
  }

  private func forget(_ current: Record, _ next: Record) {
    core.forget(current)
    core.forget(next)
  }
}
