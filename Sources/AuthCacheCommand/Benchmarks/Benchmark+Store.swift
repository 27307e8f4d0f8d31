internal import AuthCache
internal import AuthCacheConformance
internal import Foundation

extension Benchmark {
  /// The cases of a backend whose factory offers its raw client.
  static func cases(of factory: BackendFactory, url: String?) -> [Benchmark] {
    guard factory.tools.rival != nil, let targets = factory.tools.targets else { return [] }
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
    let bulk = targets.bulkCount
    let consuming = benchmark("consume-64-tasks") {
      try await $0.consuming(tasks: 64, count: 12_800, target: targets.writesBy64)
    }
    let growth = benchmark("read-growth") { try await $0.growth(rows: 1_000_000, target: 1.3) }
    return [
      benchmark("read-one-task") {
        try await $0.reading(tasks: 1, count: 20_000, target: targets.readByOne, isUpperLimit: true)
      },
      benchmark("read-64-tasks") {
        try await $0.reading(tasks: 64, count: 128_000, target: targets.readsBy64, isUpperLimit: false)
      },
      benchmark("write-64-tasks") { try await $0.writing(tasks: 64, count: 12_800, target: targets.writesBy64) },
      benchmark("buffered-64-tasks") { try await $0.buffered(target: 1) },
      benchmark("bulk-\(bulk)") { try await $0.bulk(count: bulk, target: targets.bulk) },
      benchmark("sweep-beside-readers") { try await $0.sweep(rows: 1_000_000, readers: 16, target: 5) },
    ] + (factory.embedded ? [] : [consuming, growth]) + announcing(factory, url: url)
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
  let environment: BackendEnvironment

  static func with(
    _ factory: BackendFactory, url: String?, scale: BenchmarkScale, name: String,
    _ body: (StoreBench) async throws -> BenchReport.Case
  ) async throws -> BenchReport.Case {
    guard let rival = factory.tools.rival, let rows = factory.tools.targets?.rows else {
      throw Fault.usage("\(factory.name) has no raw client to compare with.")
    }
    let place = FileManager.default.temporaryDirectory.appendingPathComponent(
      "authcache-\(ProcessInfo.processInfo.processIdentifier)-bench-\(name)")
    try? FileManager.default.removeItem(at: place)
    do { try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true) } catch {
      throw Fault.blocked(
        "\(place.deletingLastPathComponent().path) can't be written to: \(ReportFolder.reason(error)). "
          + "Set TMPDIR to a folder that you may write to.")
    }
    defer { try? FileManager.default.removeItem(at: place) }
    let environment = BackendEnvironment(
      namespace: "bench", clock: SystemClock(), directory: place.path, url: url)
    let backend = try await factory.open(environment)
    let raw = try rival(environment)
    defer { raw.close() }
    let source = BenchmarkRecords(seed: scale.seed)
    var digests: [RecordDigest] = []
    for _ in stride(from: 0, to: rows, by: 10_000) {
      let records = (0..<10_000).map { _ in source.record() }
      try await backend.storeEach(records)
      digests += records.map(\.digest)
    }
    try raw.fill(count: rows, payload: BenchmarkRecords.payload)
    let outcome: Result<BenchReport.Case, any Error>
    do {
      outcome = .success(
        try await body(
          StoreBench(
            name: name, backend: backend, raw: raw, factory: factory, scale: scale, digests: digests,
            environment: environment)))
    } catch { outcome = .failure(error) }
    try await backend.close()
    try await factory.destroyed(environment)
    return try outcome.get()
  }

  func reading(tasks: Int, count: Int, target: Double, isUpperLimit: Bool) async throws -> BenchReport.Case {
    let each = scale.count(count) / tasks
    let read = { @Sendable () async throws in
      try await concurrently(tasks) { task in
        var generator = SeededGenerator(seed: scale.seed &+ UInt64(task))
        for _ in 0..<each {
          let digest = digests[Int.random(in: 0..<digests.count, using: &generator)]
          guard try await backend.load(.session, digest) != nil else { throw Fault.blocked("a stored record is gone") }
        }
      }
    }
    if tasks > 1, let item = try await peak(.reads, operations: each * tasks, target: target, read) { return item }
    let single = tasks == 1 ? each : min(each * tasks, 20_000)
    let times = try await Rounds.alternate(
      scale.rounds, operations: (each * tasks, single), measured: read, raw: { try raw.read(count: single) })
    return BenchReport.Case(
      name, backend: factory.name, against: "a loop over one prepared statement", measured: times.measured,
      raw: times.raw, target: target, isUpperLimit: isUpperLimit)
  }

  /// Against the database's load generator, where there is one.
  private func peak(
    _ work: RawWork, operations: Int, target: Double, _ measured: () async throws -> Void
  ) async throws -> BenchReport.Case? {
    let seconds = scale.isQuick ? 1 : 2
    guard let first = try raw.peak(work, seconds: seconds) else { return nil }
    var rates = [first.perSecond]
    try await measured()
    var times: [Double] = []
    for round in 0..<3 {
      try Task.checkCancellation()
      times.append(try await Rounds.nanoseconds(measured) / Double(operations))
      if round < 2, let next = try raw.peak(work, seconds: seconds) { rates.append(next.perSecond) }
    }
    return BenchReport.Case(
      name, backend: factory.name, against: first.name, measured: times, raw: rates.map { 1_000_000_000 / $0 },
      target: target, isUpperLimit: false)
  }

  func writing(tasks: Int, count: Int, target: Double) async throws -> BenchReport.Case {
    let each = scale.count(count) / tasks
    let single = max(50, scale.count(1_000))
    let write = { @Sendable () async throws in
      let seed = SystemEntropy().next()
      try await concurrently(tasks) { task in
        let source = BenchmarkRecords(seed: seed &+ UInt64(task))
        for number in 0..<each {
          try await backend.store(source.record(digests[(number * tasks + task) % digests.count]))
        }
      }
    }
    if let item = try await peak(.writes, operations: each * tasks, target: target, write) { return item }
    let times = try await Rounds.alternate(
      scale.rounds, operations: (each * tasks, single), measured: write, raw: { try raw.write(count: single) })
    return BenchReport.Case(
      name, backend: factory.name, against: "a loop of durable upserts, each its own transaction",
      measured: times.measured, raw: times.raw, target: target, isUpperLimit: false)
  }

  /// What a read costs among many rows, against what it costs among ten thousand.
  func growth(rows: Int, target: Double) async throws -> BenchReport.Case {
    let tables = [("few", 10_000), ("many", max(20_000, scale.count(rows)))]
    var sides: [(backend: any AuthCacheBackend, digests: [RecordDigest], environment: BackendEnvironment)] = []
    for (suffix, count) in tables {
      let environment = BackendEnvironment(
        namespace: "bench_\(suffix)", clock: environment.clock, directory: environment.directory,
        url: environment.url, logger: environment.logger)
      let backend = try await factory.open(environment)
      let source = BenchmarkRecords(seed: scale.seed &+ UInt64(count))
      var digests: [RecordDigest] = []
      for _ in stride(from: 0, to: count, by: 10_000) {
        let records = (0..<10_000).map { _ in source.record() }
        try await backend.storeEach(records)
        digests += records.map(\.digest)
      }
      try raw.settle(environment.namespace)
      sides.append((backend, digests, environment))
    }
    let each = scale.count(64_000) / 64
    // Chosen beforehand: to look through a million digests costs memory accesses that are not the read's.
    let wanted = sides.map { side in
      (0..<64).map { task in
        var generator = SeededGenerator(seed: scale.seed &+ UInt64(task))
        return (0..<each).map { _ in side.digests[Int.random(in: 0..<side.digests.count, using: &generator)] }
      }
    }
    func reads(_ side: Int, tasks: Int) -> @Sendable () async throws -> Void {
      let (backend, wanted) = (sides[side].backend, wanted[side])
      return {
        try await concurrently(tasks) { task in
          for digest in wanted[task] { consumed(try await backend.load(.session, digest)) }
        }
      }
    }
    let times = try await Rounds.alternate(
      scale.rounds, operations: (each * 64, each * 64), measured: reads(1, tasks: 64), raw: reads(0, tasks: 64))
    let alone = try await Rounds.alternate(
      scale.rounds, operations: (each, each), measured: reads(1, tasks: 1), raw: reads(0, tasks: 1))
    for side in sides {
      try await side.backend.close()
      try await factory.destroyed(side.environment)
    }
    let against = "the same among \(tables[0].1) rows; here \(tables[1].1)"
    var item = BenchReport.Case(
      name, backend: factory.name, against: against, measured: times.measured, raw: times.raw, target: target,
      isUpperLimit: true)
    let single = BenchReport.Case(
      name, backend: factory.name, against: against, measured: alone.measured, raw: alone.raw, target: target,
      isUpperLimit: true)
    item.note = "64 tasks; by one task \((single.ratio * 100).rounded() / 100) times"
    return item
  }

  /// Codes that were stored before the clock runs, each consumed once.
  func consuming(tasks: Int, count: Int, target: Double) async throws -> BenchReport.Case {
    let each = scale.count(count) / tasks
    let single = max(50, scale.count(1_000))
    var (times, others, against) = ([Double](), [Double](), "a loop of durable upserts, each its own transaction")
    for round in 0..<(scale.isQuick ? 2 : 5) {
      let source = BenchmarkRecords(seed: SystemEntropy().next())
      let codes = (0..<each * tasks).map { _ in source.record() }
      try await backend.storeEach(codes)
      let time = try await Rounds.nanoseconds {
        try await concurrently(tasks) { task in
          for number in 0..<each {
            guard try await backend.consume(codes[number * tasks + task].id) != nil else {
              throw Fault.blocked("a stored record is gone")
            }
          }
        }
      }
      let other: Double
      if let peak = try raw.peak(.writes, seconds: scale.isQuick ? 1 : 2) {
        (other, against) = (1_000_000_000 / peak.perSecond, peak.name + ", upserts")
      } else {
        other = try await Rounds.nanoseconds { try raw.write(count: single) } / Double(single)
      }
      // The first round warms up.
      guard round > 0 else { continue }
      times.append(time / Double(each * tasks))
      others.append(other)
    }
    return BenchReport.Case(
      name, backend: factory.name, against: against, measured: times, raw: others, target: target, isUpperLimit: false)
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
