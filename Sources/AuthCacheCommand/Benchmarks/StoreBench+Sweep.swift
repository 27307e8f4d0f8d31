internal import AuthCache
internal import AuthCacheConformance
internal import Histogram
internal import Synchronization

extension StoreBench {
  /// The readers' p99 while a sweep removes expired rows in batches, against their p99 without it.
  func sweep(rows: Int, readers: Int, target: Double) async throws -> BenchReport.Case {
    let source = BenchmarkRecords(seed: scale.seed &+ 2)
    let rows = scale.count(rows)
    for _ in stride(from: 0, to: rows, by: 10_000) {
      try await backend.storeEach((0..<10_000).map { _ in source.record(life: .seconds(-3_600)) })
    }
    let alone = try await percentile(readers: readers) { try await Task.sleep(for: .seconds(3)) }
    let beside = try await percentile(readers: readers) {
      let cutoff = source.now
      while try await backend.removeExpired(through: cutoff, limit: 1_000).total > 0 { try Task.checkCancellation() }
    }
    return BenchReport.Case(
      name, backend: factory.name, against: "the p99 of \(readers) readers without the sweep of \(rows) rows",
      measured: [beside], raw: [alone], target: target, isUpperLimit: true)
  }

  /// The p99 of a read in nanoseconds while `body` runs.
  private func percentile(readers: Int, during body: @escaping @Sendable () async throws -> Void) async throws -> Double
  {
    let isOver = Flag()
    return try await withThrowingTaskGroup(of: Histogram<UInt32>?.self) { group in
      for reader in 0..<readers {
        group.addTask {
          var histogram = Histogram<UInt32>(highestTrackableValue: 60_000_000_000)
          var generator = SeededGenerator(seed: scale.seed &+ UInt64(reader))
          let clock = ContinuousClock()
          while !isOver.isSet {
            let digest = digests[Int.random(in: 0..<digests.count, using: &generator)]
            let begin = clock.now
            consumed(try await backend.load(.session, digest))
            histogram.record(UInt64(max(0, (clock.now - begin) / .nanoseconds(1))))
            // Sixteen readers that never stop would measure the scheduler alone.
            await Task.yield()
          }
          return histogram
        }
      }
      group.addTask {
        defer { isOver.set() }
        try await body()
        return nil
      }
      var all = Histogram<UInt32>(highestTrackableValue: 60_000_000_000)
      while let next = try await group.next() { if let next { all.add(next) } }
      return Double(all.valueAtPercentile(99))
    }
  }
}

/// Goes up once.
private final class Flag: Sendable {
  private let value = Atomic(false)
  var isSet: Bool { value.load(ordering: .relaxed) }
  func set() { value.store(true, ordering: .relaxed) }
}
