package import AuthCache

extension AccessTrace {
  /// How often a whole cache of that capacity has what is asked for; a miss is followed by a fill. The same every time.
  package func hits(of eviction: CachePolicy.Eviction, capacity: Int) async throws(AuthCacheError) -> Int {
    let policy = CachePolicy(capacity: capacity, timeToLive: .seconds(86_400), eviction: eviction)
    let clock = VirtualClock()
    let cache = CachingBackend(
      over: EveryRecord(now: clock.now), configuration: CachingConfiguration(sessions: policy), clock: clock)
    for (number, key) in keys.enumerated() {
      _ = try await cache.load(.id(.session, EveryRecord.digest(key)))
      // Nothing in here suspends, and others want the thread too.
      if number.isMultiple(of: 1_024) { await Task.yield() }
    }
    let hits = cache.counts(of: .session).hits
    try await cache.close()
    return hits
  }

  /// The same in per cent of the requests.
  package func hitRatio(of eviction: CachePolicy.Eviction, capacity: Int) async throws(AuthCacheError) -> Double {
    100 * Double(try await hits(of: eviction, capacity: capacity)) / Double(max(1, keys.count))
  }
}

/// Has every session that it is asked for.
private struct EveryRecord: ForwardingBackend {
  let delegate = MemoryBackend()
  let now: Timestamp

  /// The words are as random as those of a digest are.
  static func digest(_ key: UInt64) -> RecordDigest {
    var generator = SeededGenerator(seed: key)
    return RecordDigest(words: (generator.next(), generator.next(), generator.next(), key))
  }

  func load(_ lookup: Lookup) async throws(AuthCacheError) -> Record? {
    Record(
      kind: lookup.kind, digest: lookup.digest, revision: lookup.digest.words.3, createdAt: now,
      expiresAt: now + .seconds(864_000), payload: .empty)
  }
}
