public import AuthCache
internal import Synchronization

/// The reference model behind a lock: the smallest backend that keeps the whole contract.
public final class ReferenceBackend: AuthCacheBackend, BulkBackend, GroupBackend, ListingBackend {
  public let properties: BackendProperties
  private let clock: any AuthCacheClock
  private let model: Mutex<ReferenceModel>

  /// An empty store.
  public init(clock: any AuthCacheClock, properties: BackendProperties = ReferenceModel.everything) {
    self.clock = clock
    self.properties = properties
    model = Mutex(ReferenceModel(properties: properties))
  }

  public func store(_ record: Record) async throws(AuthCacheError) { _ = try apply(.store(record)) }

  public func insert(_ record: Record) async throws(AuthCacheError) -> Bool {
    try apply(.insert(record)) == .flag(true)
  }

  public func load(_ lookup: Lookup) async throws(AuthCacheError) -> Record? { try record(.load(lookup)) }

  public func consume(_ lookup: Lookup) async throws(AuthCacheError) -> Record? { try record(.consume(lookup)) }

  public func replace(_ current: Record, with next: Record) async throws(AuthCacheError) -> Bool {
    try apply(.replace(current, with: next)) == .flag(true)
  }

  public func extend(_ lookup: Lookup, to expiresAt: Timestamp) async throws(AuthCacheError) -> Bool {
    try apply(.extend(lookup, to: expiresAt)) == .flag(true)
  }

  public func remove(_ lookup: Lookup) async throws(AuthCacheError) -> Bool {
    try apply(.remove(lookup)) == .flag(true)
  }

  public func removeExpired(through cutoff: Timestamp, limit: Int) async throws(AuthCacheError) -> ExpiredCounts {
    guard case .expired(let counts) = try apply(.removeExpired(through: cutoff, limit: limit)) else { return [:] }
    return counts
  }

  public func close() async throws(AuthCacheError) { _ = try apply(.close) }

  public func store(contentsOf records: [Record]) async throws(AuthCacheError) {
    _ = try apply(.storeContents(records))
  }

  public func remove(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Bool] {
    guard case .flags(let flags) = try apply(.removeContents(lookups)) else { return [] }
    return flags
  }

  public func load(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Record?] {
    guard case .found(let records) = try apply(.loadContents(lookups)) else { return [] }
    return records
  }

  public func removeAll(in group: Group) async throws(AuthCacheError) -> Int {
    guard case .count(let count) = try apply(.removeAll(group)) else { return 0 }
    return count
  }

  public func records(
    of kind: RecordKind, after: RecordDigest?, limit: Int
  ) async throws(AuthCacheError) -> [Record] {
    guard case .page(let page) = try apply(.records(of: kind, after: after, limit: limit)) else { return [] }
    return page
  }

  private func record(_ call: BackendCall) throws(AuthCacheError) -> Record? {
    guard case .record(let record) = try apply(call) else { return nil }
    return record
  }

  private func apply(_ call: BackendCall) throws(AuthCacheError) -> BackendAnswer {
    // Read under the lock: two readings taken outside it could be applied in the wrong order.
    let result: Result<BackendAnswer, AuthCacheError> = model.withLock { model in
      let now = clock.now
      do throws(AuthCacheError) {
        return .success(try model.perform(call, at: now))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }
}
