internal import AuthCache
internal import AuthCacheConformance
internal import Crypto

extension Benchmark {
  static let cache: [Benchmark] = [
    Benchmark(name: "cache-hit", backend: "memory") { scale in
      let (cache, memory, lookups) = try await cached(scale)
      let loops = scale.count(20)
      let operations = loops * lookups.count
      let times = try await Rounds.alternate(scale.rounds, operations: (operations, operations)) {
        try await hits(on: cache, lookups, loops)
      } raw: {
        try await hits(on: memory, lookups, loops)
      }
      var item = BenchReport.Case(
        "cache-hit", backend: "memory", against: "the memory backend's own hit, 10,000 records, Zipf 0.99",
        measured: times.measured, raw: times.raw, target: 1.5, isUpperLimit: true)
      if let before = Allocator.count {
        try await hits(on: cache, lookups, 2)
        if let after = Allocator.count { item.note = "\(after - before) allocations in \(2 * lookups.count) hits" }
      }
      return item
    },
    Benchmark(name: "cache-two-tasks", backend: "memory") { scale in
      let (cache, _, lookups) = try await cached(scale)
      // Each asks for the same records as often, in an order of its own.
      let streams = [lookups, lookups.shuffled(seed: scale.seed)]
      let loops = scale.count(20)
      let once = loops * lookups.count
      @Sendable func pass(_ tasks: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for stream in streams.prefix(tasks) { group.addTask { try await hits(on: cache, stream, loops) } }
          try await group.waitForAll()
        }
      }
      let times = try await Rounds.alternate(scale.rounds, operations: (2 * once, once)) {
        try await pass(2)
      } raw: {
        try await pass(1)
      }
      return BenchReport.Case(
        "cache-two-tasks", backend: "memory", against: "the throughput of one task", measured: times.measured,
        raw: times.raw, target: 1.6, isUpperLimit: false)
    },
    Benchmark(name: "cache-session-by-token", backend: "memory") { scale in
      let ring = KeyRing(try .generate(id: "bench"))
      let cache = CachingBackend(
        over: MemoryBackend(),
        configuration: CachingConfiguration(sessions: CachePolicy(timeToLive: .seconds(3_600))))
      let store = try AuthStore(
        over: cache, protection: .sealed(ring, pepper: .generate()), entropy: SeededEntropy(seed: scale.seed))
      var tokens: [String] = []
      for _ in 0..<1_000 {
        let issued = try await store.sessions.create(SessionDetails(clientID: "bench"))
        if let token = issued.credentials.accessToken { tokens.append(token) }
      }
      let loops = scale.count(50)
      let operations = loops * tokens.count
      let all = tokens
      let times = try await Rounds.alternate(scale.rounds, operations: (operations, operations)) {
        try await loads(from: store, all, loops)
      } raw: {
        for _ in 0..<loops {
          for token in all {
            var token = token
            consumed(token.withUTF8 { SHA256.hash(data: $0) })
          }
        }
      }
      return BenchReport.Case(
        "cache-session-by-token", backend: "memory", against: "SHA-256 of that token alone",
        measured: times.measured, raw: times.raw, target: 2, isUpperLimit: true)
    },
    Benchmark(name: "cache-churn", backend: "memory") { scale in
      let source = BenchmarkRecords(seed: scale.seed)
      let records = (0..<100_000).map { _ in source.record() }
      let memory = MemoryBackend()
      try await memory.store(contentsOf: records)
      let cache: any AuthCacheBackend = CachingBackend(
        over: memory,
        configuration: CachingConfiguration(sessions: CachePolicy(capacity: 10_000, timeToLive: .seconds(3_600))))
      let bare: any AuthCacheBackend = BareDictionary(records)
      let lookups = Zipf(skew: 1.0, count: records.count).stream(of: records.map(\.id), 200_000, seed: scale.seed)
      let loops = scale.count(10)
      let operations = loops * lookups.count
      let times = try await Rounds.alternate(scale.rounds, operations: (operations, operations)) {
        try await hits(on: cache, lookups, loops)
      } raw: {
        try await hits(on: bare, lookups, loops)
      }
      return BenchReport.Case(
        "cache-churn", backend: "memory",
        against: "one locked dictionary that holds all 100,000; Zipf 1.0, room for 10,000",
        measured: times.measured, raw: times.raw, target: 2, isUpperLimit: true)
    },
  ]

  /// A full cache, the memory backend with the same records, and what is asked of both.
  private static func cached(
    _ scale: BenchmarkScale
  ) async throws -> (cache: any AuthCacheBackend, memory: any AuthCacheBackend, lookups: [Lookup]) {
    let source = BenchmarkRecords(seed: scale.seed)
    let records = (0..<10_000).map { _ in source.record() }
    let memory = MemoryBackend()
    try await memory.store(contentsOf: records)
    let cache = CachingBackend(
      over: memory, configuration: CachingConfiguration(sessions: CachePolicy(timeToLive: .seconds(3_600))))
    for record in records { _ = try await cache.load(record.id) }
    let lookups = Zipf(skew: 0.99, count: records.count).stream(of: records.map(\.id), 50_000, seed: scale.seed)
    return (cache, memory, lookups)
  }
}
