internal import AuthCache
internal import AuthCacheConformance

/// A memory backend that commits one thing at a time, and each commit takes a millisecond: what a store with a slow
/// disk is to those who write to it.
struct SlowStore: AuthCacheBackend {
  let memory = MemoryBackend()
  private let gate = Gate(width: 1)

  var properties: BackendProperties { memory.properties }

  func commit<Answer: Sendable>(
    _ body: @Sendable () async throws(AuthCacheError) -> Answer
  ) async throws(AuthCacheError) -> Answer {
    let result = await gate.admit { () -> Result<Answer, AuthCacheError> in
      try? await Task.sleep(for: .milliseconds(1))
      do throws(AuthCacheError) { return .success(try await body()) } catch { return .failure(error) }
    }
    return try result.get()
  }

  func store(_ record: Record) async throws(AuthCacheError) {
    try await commit { () async throws(AuthCacheError) in try await memory.store(record) }
  }
  func insert(_ record: Record) async throws(AuthCacheError) -> Bool { try await memory.insert(record) }
  func load(_ lookup: Lookup) async throws(AuthCacheError) -> Record? { try await memory.load(lookup) }
  func consume(_ lookup: Lookup) async throws(AuthCacheError) -> Record? { try await memory.consume(lookup) }
  func replace(_ current: Record, with next: Record) async throws(AuthCacheError) -> Bool {
    try await memory.replace(current, with: next)
  }
  func extend(_ lookup: Lookup, to expiresAt: Timestamp) async throws(AuthCacheError) -> Bool {
    try await memory.extend(lookup, to: expiresAt)
  }
  func remove(_ lookup: Lookup) async throws(AuthCacheError) -> Bool { try await memory.remove(lookup) }
  func removeExpired(through cutoff: Timestamp, limit: Int) async throws(AuthCacheError) -> ExpiredCounts {
    try await memory.removeExpired(through: cutoff, limit: limit)
  }
  func close() async throws(AuthCacheError) { try await memory.close() }

  /// The same store, which also commits many records at once.
  struct WithBulk: BulkBackend {
    let store = SlowStore()

    var properties: BackendProperties { store.properties }
    func store(_ record: Record) async throws(AuthCacheError) { try await store.store(record) }
    func insert(_ record: Record) async throws(AuthCacheError) -> Bool { try await store.insert(record) }
    func load(_ lookup: Lookup) async throws(AuthCacheError) -> Record? { try await store.load(lookup) }
    func consume(_ lookup: Lookup) async throws(AuthCacheError) -> Record? { try await store.consume(lookup) }
    func replace(_ current: Record, with next: Record) async throws(AuthCacheError) -> Bool {
      try await store.replace(current, with: next)
    }
    func extend(_ lookup: Lookup, to expiresAt: Timestamp) async throws(AuthCacheError) -> Bool {
      try await store.extend(lookup, to: expiresAt)
    }
    func remove(_ lookup: Lookup) async throws(AuthCacheError) -> Bool { try await store.remove(lookup) }
    func removeExpired(through cutoff: Timestamp, limit: Int) async throws(AuthCacheError) -> ExpiredCounts {
      try await store.removeExpired(through: cutoff, limit: limit)
    }
    func close() async throws(AuthCacheError) { try await store.close() }
    func store(contentsOf records: [Record]) async throws(AuthCacheError) {
      try await store.commit { () async throws(AuthCacheError) in try await store.memory.store(contentsOf: records) }
    }
    func remove(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Bool] {
      try await store.memory.remove(contentsOf: lookups)
    }
    func load(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Record?] {
      try await store.memory.load(contentsOf: lookups)
    }
  }
}
