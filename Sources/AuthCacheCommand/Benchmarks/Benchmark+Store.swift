internal import AuthCache
internal import AuthCacheConformance
internal import Foundation

extension Benchmark {
  /// The cases of a backend whose factory offers its raw client.
  static func cases(of factory: BackendFactory, url: String?) -> [Benchmark] {
    guard factory.tools.rival != nil else { return [] }
    let name = factory.name
    func benchmark(
      _ suffix: String, _ body: @escaping @Sendable (StoreBench) async throws -> BenchReport.Case
    )
      -> Benchmark
    {
      Benchmark(name: "\(name)-\(suffix)", backend: name) { scale in
        try await StoreBench.with(factory, url: url, scale: scale, name: "\(name)-\(suffix)", body)
      }
    }
    return [
      benchmark("read-one-task") { try await $0.reading(tasks: 1, count: 20_000, target: 2, isUpperLimit: true) },
      benchmark("read-64-tasks") { try await $0.reading(tasks: 64, count: 64_000, target: 1.2, isUpperLimit: false) },
      benchmark("write-64-tasks") { try await $0.writing(tasks: 64, count: 12_800, target: 5) },
      benchmark("buffered-64-tasks") { try await $0.buffered(count: 12_800, target: 1) },
      benchmark("bulk-10000") { try await $0.bulk(count: 10_000, target: 0.8) },
      benchmark("sweep-beside-readers") { try await $0.sweep(rows: 1_000_000, readers: 16, target: 5) },
    ]
  }
}

/// A backend and its raw client, both filled with the same number of rows, in a folder that goes afterwards.
struct StoreBench: Sendable {
  let name: String
  let backend: any AuthCacheBackend
  let raw: any RawClient
  let factory: BackendFactory
  let scale: BenchmarkScale
  let digests: [RecordDigest]

  static let rows = 10_000

  static func with(
    _ factory: BackendFactory, url: String?, scale: BenchmarkScale, name: String,
    _ body: (StoreBench) async throws -> BenchReport.Case
  ) async throws -> BenchReport.Case {
    guard let rival = factory.tools.rival else {
      throw Fault.usage("\(factory.name) has no raw client to compare with.")
    }
    let place = FileManager.default.temporaryDirectory.appendingPathComponent(
      "authcache-\(ProcessInfo.processInfo.processIdentifier)-bench-\(name)")
    try? FileManager.default.removeItem(at: place)
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: place) }
    let environment = BackendEnvironment(
      namespace: "bench", clock: SystemClock(), directory: place.path, url: url)
    let backend = try await factory.open(environment)
    let raw = try rival(environment)
    defer { raw.close() }
    let source = BenchmarkRecords(seed: scale.seed)
    let records = (0..<rows).map { _ in source.record() }
    try await backend.storeEach(records)
    try raw.fill(count: rows, payload: BenchmarkRecords.payload)
    let outcome: Result<BenchReport.Case, any Error>
    do {
      outcome = .success(
        try await body(
          StoreBench(
            name: name, backend: backend, raw: raw, factory: factory, scale: scale, digests: records.map(\.digest))))
    } catch { outcome = .failure(error) }
    try await backend.close()
    try await factory.destroyed(environment)
    return try outcome.get()
  }

  func reading(tasks: Int, count: Int, target: Double, isUpperLimit: Bool) async throws -> BenchReport.Case {
    let each = scale.count(count) / tasks
    let times = try await Rounds.alternate(scale.rounds, operations: (each * tasks, each * tasks)) {
      try await concurrently(tasks) { task in
        var generator = SeededGenerator(seed: scale.seed &+ UInt64(task))
        for _ in 0..<each {
          let digest = digests[Int.random(in: 0..<digests.count, using: &generator)]
          guard try await backend.load(.session, digest) != nil else { throw Fault.blocked("a stored record is gone") }
        }
      }
    } raw: {
      try raw.read(count: each * tasks)
    }
    return BenchReport.Case(
      name, backend: factory.name, against: "a loop over one prepared statement", measured: times.measured,
      raw: times.raw, target: target, isUpperLimit: isUpperLimit)
  }

  func writing(tasks: Int, count: Int, target: Double) async throws -> BenchReport.Case {
    let each = scale.count(count) / tasks
    let single = max(50, scale.count(1_000))
    let times = try await Rounds.alternate(scale.rounds, operations: (each * tasks, single)) {
      let seed = SystemEntropy().next()
      try await concurrently(tasks) { task in
        let source = BenchmarkRecords(seed: seed &+ UInt64(task))
        for number in 0..<each {
          try await backend.store(source.record(digests[(number * tasks + task) % digests.count]))
        }
      }
    } raw: {
      try raw.write(count: single)
    }
    return BenchReport.Case(
      name, backend: factory.name, against: "a loop of durable upserts, each its own transaction",
      measured: times.measured, raw: times.raw, target: target, isUpperLimit: false)
  }

  func bulk(count: Int, target: Double) async throws -> BenchReport.Case {
    guard let bulk = backend as? any BulkBackend else { throw Fault.blocked("\(factory.name) stores nothing in bulk.") }
    let source = BenchmarkRecords(seed: scale.seed &+ 1)
    // Made before the clock runs: the raw side makes none either.
    var batches = (0...scale.rounds).map { _ in (0..<count).map { source.record(digests[$0 % digests.count]) } }
    let times = try await Rounds.alternate(scale.rounds, operations: (count, count)) {
      try await bulk.store(contentsOf: batches.removeLast())
    } raw: {
      try raw.writeTogether(count: count)
    }
    return BenchReport.Case(
      name, backend: factory.name, against: "the same upserts in one transaction", measured: times.measured,
      raw: times.raw, target: target, isUpperLimit: false)
  }

  func concurrently(_ tasks: Int, _ body: @escaping @Sendable (Int) async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<tasks { group.addTask { try await body(task) } }
      try await group.waitForAll()
    }
  }
}
