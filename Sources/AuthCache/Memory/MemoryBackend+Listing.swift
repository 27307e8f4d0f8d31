extension MemoryBackend: ListingBackend {
  public func records(
    of kind: RecordKind, after: RecordDigest?, limit: Int
  ) async throws(AuthCacheError) -> [Record] {
    guard limit > 0 else {
      throw AuthCacheError(.invalidArgument, operation: .records, kind: kind, "the limit is not positive")
    }
    let now = now
    var page: [Record] = []
    // Shards are in the order of digests, so the page is full as soon as the shards so far fill it.
    for index in (after.map(shards.placement.index) ?? 0)..<shards.placement.count where page.count < limit {
      page += try shards.read(index, for: .records) { shard in
        shard.records(of: kind, after: after, at: now)
      }.prefix(limit - page.count)
    }
    return page
  }
}
