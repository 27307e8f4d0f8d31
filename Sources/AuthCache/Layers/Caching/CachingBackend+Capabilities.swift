extension CachingBackend: BulkBackend where Delegate: BulkBackend {
  public func store(contentsOf records: [Record]) async throws(AuthCacheError) {
    for record in records { core.forget(record) }
    defer { for record in records { core.forget(record) } }
    try await delegate.store(contentsOf: records)
  }

  public func remove(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Bool] {
    for lookup in lookups { core.forget(lookup) }
    defer { for lookup in lookups { core.forget(lookup) } }
    return try await delegate.remove(contentsOf: lookups)
  }

  /// Answers from the cache what that knows, and asks the delegate for all the rest at once.
  public func load(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Record?] {
    if core.isClosed { throw .closed(.loadContents) }
    let now = core.clock.coarseNow
    var answers = [Record?](repeating: nil, count: lookups.count)
    var asked: [Int] = []
    for (index, lookup) in lookups.enumerated() {
      switch core.cache(for: lookup)?.find(lookup, at: now) {
      case .record(let record): answers[index] = record
      case .absent: break
      case .unknown, .lead, .follow, nil: asked.append(index)
      }
    }
    if asked.isEmpty, !lookups.isEmpty { return answers }
    let (begin, isFed) = (core.clock.now, core.isFed)
    let caches = asked.map { index in
      let cache = core.cache(for: lookups[index])
      return (index: index, cache: cache, generation: cache?.generation ?? 0)
    }
    let found = try await delegate.load(contentsOf: asked.map { lookups[$0] })
    for ((index, cache, generation), record) in zip(caches, found) {
      answers[index] = record
      cache?.countLoad()
      cache?.keep(record, for: lookups[index], generation: generation, askedAt: begin, isFed: isFed)
    }
    return answers
  }
}

extension CachingBackend: GroupBackend where Delegate: GroupBackend {
  public func removeAll(in group: Group) async throws(AuthCacheError) -> Int {
    core.forget(group)
    defer { core.forget(group) }
    return try await delegate.removeAll(in: group)
  }
}

extension CachingBackend: ListingBackend where Delegate: ListingBackend {
  /// Asks the delegate, and leaves the cache alone: a listing would wash it out.
  public func records(
    of kind: RecordKind, after: RecordDigest?, limit: Int
  ) async throws(AuthCacheError) -> [Record] {
    try await delegate.records(of: kind, after: after, limit: limit)
  }
}

extension CachingBackend: InvalidationBackend where Delegate: InvalidationBackend {
  public func invalidations() async throws(AuthCacheError) -> Delegate.Invalidations {
    try await delegate.invalidations()
  }
}
