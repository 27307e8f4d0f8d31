internal import AuthCache
internal import AuthCacheConformance
internal import Crypto

extension Benchmark {
  static let memory: [Benchmark] = [
    Benchmark(name: "memory-hit", backend: "memory") { scale in
      let (backend, records) = try await filled(scale)
      // A choice at run time, so that the call is as indirect as the other one.
      let bare: any AuthCacheBackend = scale.rounds > 0 ? BareDictionary(records) : backend
      let lookups = records.map(\.id).shuffled(seed: scale.seed)
      let loops = scale.count(100)
      let operations = loops * lookups.count
      let times = try await Rounds.alternate(scale.rounds, operations: (operations, operations)) {
        try await hits(on: backend, lookups, loops)
      } raw: {
        try await hits(on: bare, lookups, loops)
      }
      return BenchReport.Case(
        "memory-hit", backend: "memory", against: "Mutex<[RecordDigest: Record]> behind an existential async call",
        measured: times.measured, raw: times.raw, target: 1.3, isUpperLimit: true)
    },
    Benchmark(name: "memory-two-tasks", backend: "memory") { scale in
      let (backend, records) = try await filled(scale)
      let lookups = records.map(\.id).shuffled(seed: scale.seed)
      // Each asks for the same records as often, in an order of its own.
      let streams = [lookups, lookups.shuffled(seed: scale.seed)]
      let loops = scale.count(100)
      let once = loops * lookups.count
      @Sendable func pass(_ tasks: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for stream in streams.prefix(tasks) { group.addTask { try await hits(on: backend, stream, loops) } }
          try await group.waitForAll()
        }
      }
      let times = try await Rounds.alternate(scale.rounds, operations: (2 * once, once)) {
        try await pass(2)
      } raw: {
        try await pass(1)
      }
      return BenchReport.Case(
        "memory-two-tasks", backend: "memory", against: "the throughput of one task",
        measured: times.measured, raw: times.raw, target: 1.6, isUpperLimit: false)
    },
    Benchmark(name: "session-by-token", backend: "memory") { scale in
      let ring = KeyRing(try .generate(id: "bench"))
      let store = try AuthStore(
        over: MemoryBackend(), protection: .sealed(ring, pepper: .generate()), entropy: SeededEntropy(seed: scale.seed))
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
        "session-by-token", backend: "memory", against: "SHA-256 of that token alone", measured: times.measured,
        raw: times.raw, target: 2, isUpperLimit: true)
    },
  ]

  /// One loop for both sides. By index, because without the optimiser an array's iterator allocates.
  @inline(never)
  static func hits(on backend: any AuthCacheBackend, _ lookups: [Lookup], _ loops: Int) async throws {
    var sum: UInt64 = 0
    for _ in 0..<loops {
      for index in lookups.indices { sum &+= try await backend.load(lookups[index])?.revision ?? 0 }
    }
    consumed(sum)
  }

  @inline(never)
  static func loads(from store: AuthStore, _ tokens: [String], _ loops: Int) async throws {
    let sessions = store.sessions
    for _ in 0..<loops { for token in tokens { consumed(try await sessions.load(accessToken: token)) } }
  }

  private static func filled(_ scale: BenchmarkScale) async throws -> (any AuthCacheBackend, [Record]) {
    let source = BenchmarkRecords(seed: scale.seed)
    let records = (0..<4_096).map { _ in source.record() }
    let backend = MemoryBackend()
    try await backend.store(contentsOf: records)
    return (backend, records)
  }
}

extension Array {
  /// In an order that follows from the seed.
  func shuffled(seed: UInt64) -> [Element] {
    var generator = SeededGenerator(seed: seed)
    return shuffled(using: &generator)
  }
}
