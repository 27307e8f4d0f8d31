internal import AuthCache
internal import Synchronization

/// The least that a store in memory can be: one lock around one dictionary, behind the same protocol. It only loads.
final class BareDictionary: AuthCacheBackend {
  private let records: Mutex<[RecordDigest: Record]>

  init(_ records: [Record]) {
    self.records = Mutex(Dictionary(uniqueKeysWithValues: records.map { ($0.digest, $0) }))
  }

  var properties: BackendProperties { BackendProperties(aliases: false, durability: .none, shared: false) }

  func load(_ lookup: Lookup) async throws(AuthCacheError) -> Record? { records.withLock { $0[lookup.digest] } }

  func store(_ record: Record) async throws(AuthCacheError) { throw refusal(.store) }
  func insert(_ record: Record) async throws(AuthCacheError) -> Bool { throw refusal(.insert) }
  func consume(_ lookup: Lookup) async throws(AuthCacheError) -> Record? { throw refusal(.consume) }
  func replace(_ current: Record, with next: Record) async throws(AuthCacheError) -> Bool { throw refusal(.replace) }
  func extend(_ lookup: Lookup, to expiresAt: Timestamp) async throws(AuthCacheError) -> Bool { throw refusal(.extend) }
  func remove(_ lookup: Lookup) async throws(AuthCacheError) -> Bool { throw refusal(.remove) }
  func removeExpired(through cutoff: Timestamp, limit: Int) async throws(AuthCacheError) -> ExpiredCounts {
    throw refusal(.removeExpired)
  }
  func close() async throws(AuthCacheError) {}

  private func refusal(_ operation: AuthCacheError.Operation) -> AuthCacheError {
    AuthCacheError(.unsupported, operation: operation, "this store only loads")
  }
}
