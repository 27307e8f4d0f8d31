internal import AuthCache
internal import AuthCacheConformance
internal import Synchronization

extension Benchmark {
  static let buffer: [Benchmark] = [
    Benchmark(name: "buffer-commit-64-tasks", backend: "memory") { scale in
      try await writing(
        "buffer-commit-64-tasks", over: SlowStore.WithBulk(), records: 4_096, scale: scale, target: 5,
        against: "the same writes unbuffered, on a store that takes 1 ms for each commit, of one or of many")
    },
    Benchmark(name: "buffer-coalesce-64-tasks", backend: "memory") { scale in
      try await writing(
        "buffer-coalesce-64-tasks", over: SlowStore(), records: 8, scale: scale, target: 5,
        against: "the same writes unbuffered, on a store that only does singles, one after the other at 1 ms each; 64 "
          + "tasks write the same eight records, and what is faster is that they are written less often")
    },
    // Where nothing coalesces a buffer over such a store can't help, and must not hinder.
    Benchmark(name: "buffer-singles-64-tasks", backend: "memory") { scale in
      try await writing(
        "buffer-singles-64-tasks", over: SlowStore(), records: 4_096, scale: scale, target: 0.9,
        against: "the same on that store, where 64 tasks write records of their own and nothing coalesces")
    },
    Benchmark(name: "buffer-enqueue", backend: "memory") { scale in
      let source = BenchmarkRecords(seed: scale.seed)
      let records = (0..<scale.count(20_000)).map { _ in source.record() }
      let configuration = BufferConfiguration(
        maxBatch: records.count + 1, maxDelay: .seconds(3_600), capacity: records.count + 1, queued: [.session])
      var spare = try (0...scale.rounds).map { _ in
        try BufferedBackend(over: MemoryBackend(), configuration: configuration)
      }
      // Kept on both sides, so that neither pays for throwing away what it gathered.
      var used: [BufferedBackend<MemoryBackend>] = []
      var lists: [BareList] = []
      let times = try await Rounds.alternate(scale.rounds, operations: (records.count, records.count)) {
        let buffer = spare.removeLast()
        for record in records { try await buffer.store(record) }
        used.append(buffer)
      } raw: {
        let list = BareList()
        for record in records { list.append(record) }
        lists.append(list)
      }
      consumed(lists)
      for buffer in used { try await buffer.close() }
      return BenchReport.Case(
        "buffer-enqueue", backend: "memory", against: "Mutex<[Record]>.append", measured: times.measured,
        raw: times.raw, target: 3, isUpperLimit: true)
    },
  ]

  /// The least that gathering can be.
  private final class BareList: Sendable {
    private let records = Mutex<[Record]>([])
    func append(_ record: Record) { records.withLock { $0.append(record) } }
  }

  private static func writing(
    _ name: String, over delegate: some AuthCacheBackend, records: Int, scale: BenchmarkScale, target: Double,
    against: String
  ) async throws -> BenchReport.Case {
    let source = BenchmarkRecords(seed: scale.seed)
    let digests = (0..<records).map { _ in source.digest() }
    let buffer = try BufferedBackend(over: delegate)
    // As long on both sides where nothing is gained.
    let each = target > 1 ? scale.count(100) : scale.count(10)
    let times = try await Rounds.alternate(scale.rounds, operations: (each * 64, 64)) {
      try await write(each, to: buffer, digests)
    } raw: {
      try await write(1, to: delegate, digests)
    }
    try await buffer.close()
    let counts = buffer.counts
    var item = BenchReport.Case(
      name, backend: "memory", against: against, measured: times.measured, raw: times.raw, target: target,
      isUpperLimit: false)
    item.note = "\(counts.written) records in \(counts.flushes) flushes for \((scale.rounds + 1) * each * 64) writes"
    return item
  }

  /// Each of 64 tasks writes so many records.
  static func write(_ each: Int, to backend: any AuthCacheBackend, _ digests: [RecordDigest]) async throws {
    let seed = SystemEntropy().next()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<64 {
        group.addTask {
          let source = BenchmarkRecords(seed: seed &+ UInt64(task))
          for number in 0..<each {
            try await backend.store(source.record(digests[(number * 64 + task) % digests.count]))
          }
        }
      }
      try await group.waitForAll()
    }
  }
}

extension StoreBench {
  /// Writes of 64 tasks through a buffer against the same writes without one.
  func buffered(target: Double) async throws -> BenchReport.Case {
    // Many short rounds: what a server does now and then, in the background, falls into few of them.
    let (each, rounds) = (50, scale.rounds * (scale.isQuick ? 7 : 9))
    // A handle of its own, since a buffer has its store favor throughput.
    let buffer = try opened(try await factory.open(environment))
    let times = try await Rounds.alternate(rounds, operations: (each * 64, each * 64)) {
      try await Benchmark.write(each, to: buffer, digests)
    } raw: {
      try await Benchmark.write(each, to: backend, digests)
    }
    try await buffer.close()
    return BenchReport.Case(
      name, backend: factory.name, against: "the same writes of 64 tasks unbuffered", measured: times.measured,
      raw: times.raw, target: target, isUpperLimit: false)
  }

  private func opened(_ backend: some AuthCacheBackend) throws -> any AuthCacheBackend {
    try BufferedBackend(over: backend)
  }
}
