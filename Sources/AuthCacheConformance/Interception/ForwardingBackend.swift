package import AuthCache

/// A backend that hands on what it does not do itself.
///
/// Capabilities are not handed on: whoever has them says so.
package protocol ForwardingBackend<Delegate>: AuthCacheBackend {
  associatedtype Delegate: AuthCacheBackend
  var delegate: Delegate { get }
}

extension ForwardingBackend {
  package var properties: BackendProperties { delegate.properties }

  package func store(_ record: Record) async throws(AuthCacheError) { try await delegate.store(record) }
  package func insert(_ record: Record) async throws(AuthCacheError) -> Bool { try await delegate.insert(record) }
  package func load(_ lookup: Lookup) async throws(AuthCacheError) -> Record? { try await delegate.load(lookup) }
  package func consume(_ lookup: Lookup) async throws(AuthCacheError) -> Record? { try await delegate.consume(lookup) }

  package func replace(_ current: Record, with next: Record) async throws(AuthCacheError) -> Bool {
    try await delegate.replace(current, with: next)
  }

  package func extend(_ lookup: Lookup, to expiresAt: Timestamp) async throws(AuthCacheError) -> Bool {
    try await delegate.extend(lookup, to: expiresAt)
  }

  package func remove(_ lookup: Lookup) async throws(AuthCacheError) -> Bool { try await delegate.remove(lookup) }

  package func removeExpired(through cutoff: Timestamp, limit: Int) async throws(AuthCacheError) -> ExpiredCounts {
    try await delegate.removeExpired(through: cutoff, limit: limit)
  }

  package func close() async throws(AuthCacheError) { try await delegate.close() }
}

/// A backend reduced to the nine operations, whatever stands behind it.
package struct NarrowBackend<Delegate: AuthCacheBackend>: ForwardingBackend {
  package let delegate: Delegate

  package init(delegate: Delegate) { self.delegate = delegate }
}

extension AuthCacheBackend {
  /// This backend without its capabilities.
  package func narrowed() -> any AuthCacheBackend { NarrowBackend(delegate: self) }
}
