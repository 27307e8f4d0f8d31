internal import AuthCache
internal import AuthCacheConformance

/// A memory backend that commits one thing at a time, and each commit takes a millisecond: what a store with a slow
/// disk is to those who write to it.
struct SlowStore: ForwardingBackend {
  let delegate = MemoryBackend()
  private let gate = Gate(width: 1)

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
    try await commit { () async throws(AuthCacheError) in try await delegate.store(record) }
  }

  /// The same store, which also commits many records at once.
  struct WithBulk: ForwardingBackend, BulkBackend {
    let delegate = SlowStore()

    func store(contentsOf records: [Record]) async throws(AuthCacheError) {
      try await delegate.commit { () async throws(AuthCacheError) in
        try await delegate.delegate.store(contentsOf: records)
      }
    }
    func remove(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Bool] {
      try await delegate.delegate.remove(contentsOf: lookups)
    }
    func load(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Record?] {
      try await delegate.delegate.load(contentsOf: lookups)
    }
  }
}
