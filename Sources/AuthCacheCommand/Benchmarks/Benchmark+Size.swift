internal import AuthCache
internal import AuthCacheConformance

extension Benchmark {
  /// What a cached record takes beside its payload.
  static let size: [Benchmark] = [
    Benchmark(name: "cache-memory", backend: "memory") { scale in
      let rounds = try await fillings(scale.isQuick ? 1 : 3, records: 10_000)
      var item = BenchReport.Case(
        "cache-memory", backend: "memory",
        against: "the payload of a record with two aliases, in a full cache of 10,000; beside it at most 600",
        measured: rounds, raw: rounds.map { _ in Double(BenchmarkRecords.payload) }, target: 2, isUpperLimit: true)
      item.unit = .bytes
      return item
    }
  ]

  /// The bytes in use for each record of a full cache, without the payload, each time one was filled.
  private static func fillings(_ rounds: Int, records: Int) async throws -> [Double] {
    var sizes: [Double] = []
    for _ in 0..<rounds {
      let lookups = (0..<records).map { Lookup.id(.session, MadeOnDemand.digest(UInt64($0), 0)) }
      // A first round in the same process makes what is made once.
      try await filled(with: Array(lookups.prefix(10))).close()
      guard let before = Allocator.bytesInUse else {
        throw Fault.blocked("the allocator of this system does not say what is in use.")
      }
      let cache = try await filled(with: lookups)
      // The lookups were in use before: an optimiser that lets them go here would count them as saved.
      let after = withExtendedLifetime(lookups) { Allocator.bytesInUse }
      guard cache.cachedCount(of: .session) == records, let after else {
        throw Fault.blocked("the cache did not keep all records.")
      }
      sizes.append(Double(after - before) / Double(records) - Double(BenchmarkRecords.payload))
      try await cache.close()
    }
    return sizes
  }

  private static func filled(with lookups: [Lookup]) async throws -> CachingBackend<MadeOnDemand> {
    let cache = CachingBackend(
      over: MadeOnDemand(),
      configuration: CachingConfiguration(
        sessions: CachePolicy(capacity: lookups.count, timeToLive: .seconds(3_600))))
    for lookup in lookups { consumed(try await cache.load(lookup)) }
    return cache
  }
}

/// Has every session that it is asked for, and keeps none: whatever is in use afterwards, the cache in front uses.
private struct MadeOnDemand: ForwardingBackend {
  static let nothing = MemoryBackend()
  var delegate: MemoryBackend { Self.nothing }
  private let start = SystemClock().now

  static func digest(_ number: UInt64, _ field: UInt64) -> RecordDigest {
    var generator = SeededGenerator(seed: number &* 4 &+ field)
    return RecordDigest(words: (generator.next(), generator.next(), number, field))
  }

  func load(_ lookup: Lookup) async throws(AuthCacheError) -> Record? {
    let number = lookup.digest.words.2
    return Record(
      kind: lookup.kind, digest: lookup.digest, revision: number, createdAt: start, expiresAt: start + .seconds(86_400),
      aliases: Aliases(accessToken: Self.digest(number, 1), refreshToken: Self.digest(number, 2)),
      payload: Payload(repeatElement(UInt8(truncatingIfNeeded: number), count: BenchmarkRecords.payload)))
  }
}
