internal import AuthCache
internal import AuthCacheConformance
internal import Dispatch
internal import Foundation
internal import Synchronization

extension Benchmark {
  /// What it costs to announce changes, and how soon they arrive.
  static func announcing(_ factory: BackendFactory, url: String?) -> [Benchmark] {
    guard factory.expecting.contains(.invalidation) else { return [] }
    let name = factory.name
    let writes = Benchmark(name: "\(name)-announced-writes", backend: name) { scale in
      try await AnnouncingBench(factory, url: url, scale: scale).writes("\(name)-announced-writes")
    }
    guard let notification = factory.tools.notification else {
      guard let interval = factory.tools.changeInterval else { return [writes] }
      let age = Benchmark(name: "\(name)-invalidation", backend: name) { scale in
        try await AnnouncingBench(factory, url: url, scale: scale).age("\(name)-invalidation", interval)
      }
      return [writes, age]
    }
    let latency = Benchmark(name: "\(name)-invalidation", backend: name) { scale in
      try await AnnouncingBench(factory, url: url, scale: scale).latency("\(name)-invalidation", notification)
    }
    return [writes, latency]
  }
}

/// Two handles on one store, in a folder that goes afterwards.
private struct AnnouncingBench {
  let factory: BackendFactory
  let scale: BenchmarkScale
  let url: String?

  init(_ factory: BackendFactory, url: String?, scale: BenchmarkScale) {
    (self.factory, self.url, self.scale) = (factory, url, scale)
  }

  private func with<Result>(
    _ name: String, announces: Bool, _ body: (BackendEnvironment) async throws -> Result
  ) async throws -> Result {
    let place = FileManager.default.temporaryDirectory.appendingPathComponent(
      "authcache-\(ProcessInfo.processInfo.processIdentifier)-bench-\(name)")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: place) }
    let environment = BackendEnvironment(
      namespace: "bench_\(name)", clock: SystemClock(), directory: place.path, url: url, announces: announces)
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(environment)) } catch { result = .failure(error) }
    try await factory.destroyed(environment)
    return try result.get()
  }

  /// Durable writes by 64 tasks, announced and not.
  func writes(_ name: String) async throws -> BenchReport.Case {
    let (each, rounds) = (max(4, scale.count(6_400) / 64), scale.isQuick ? 3 : 5)
    let seed = scale.seed
    return try await with("announced", announces: true) { announced in
      try await with("silent", announces: false) { silent in
        let backends = [try await factory.open(announced), try await factory.open(silent)]
        @Sendable func write(_ backend: any AuthCacheBackend) async throws {
          try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<64 {
              group.addTask {
                let source = BenchmarkRecords(seed: seed &+ SystemEntropy().next() &+ UInt64(task))
                for _ in 0..<each { try await backend.store(source.record()) }
              }
            }
            try await group.waitForAll()
          }
        }
        let times = try await Rounds.alternate(rounds, operations: (64 * each, 64 * each)) {
          try await write(backends[0])
        } raw: {
          try await write(backends[1])
        }
        for backend in backends { try await backend.close() }
        return BenchReport.Case(
          name, backend: factory.name, against: "the same writes by 64 tasks, not announced", measured: times.measured,
          raw: times.raw, target: 2.5, isUpperLimit: true)
      }
    }
  }

  /// The same, where a change is found by whoever looks for it: how old what is served gets, beside how often is looked.
  func age(_ name: String, _ interval: Duration) async throws -> BenchReport.Case {
    let nanoseconds = interval / .nanoseconds(1)
    var random = SeededGenerator(seed: scale.seed)
    let told = try await dropping(max(20, scale.count(200))) { _ in
      // At any moment between two looks.
      try await Task.sleep(for: interval * Double.random(in: 0..<1, using: &random))
      return nanoseconds
    }
    var item = BenchReport.Case(
      name, backend: factory.name,
      against: "the interval in which changes are looked for; measured is the longest that one took, beside 1,000 "
        + "writes/s",
      measured: told.dropped, raw: told.beside, target: 1.2, isUpperLimit: true)
    item.note = "half of \(told.dropped.count) changes within \(Int(item.measured / 1_000_000)) ms"
    // A bound is judged by what came closest to it.
    (item.measured, item.ratio) = (told.dropped.max() ?? 0, item.spread[1])
    return item
  }

  /// From the call of a write through one handle until it has been dropped from a cache over another, while a thousand
  /// other records are written each second.
  func latency(
    _ name: String, _ notification: @Sendable (BackendEnvironment) throws -> any RawNotification
  ) async throws -> BenchReport.Case {
    var raw: (any RawNotification)?
    defer { raw?.close() }
    let told = try await dropping(max(60, scale.count(800))) { environment in
      let notifier = try raw ?? notification(environment)
      raw = notifier
      let time = try await Rounds.nanoseconds { try notifier.roundTrip() }
      try await Task.sleep(for: .milliseconds(2))
      return time
    }
    var item = BenchReport.Case(
      name, backend: factory.name, against: "NOTIFY by libpq alone until it is received; beside 1,000 writes/s",
      measured: told.dropped, raw: told.beside, target: 10, isUpperLimit: true)
    let (all, writes) = (told.dropped.sorted(), told.written.sorted())
    func microseconds(_ values: [Double], _ part: Int) -> Int {
      values.isEmpty ? 0 : Int(values[min(values.count - 1, values.count * part / 100)] / 1_000)
    }
    item.note =
      "from the call of the write on, which itself takes \(microseconds(writes, 50)) µs; 99 of 100 within "
      + "\(microseconds(all, 99)) µs"
    return item
  }

  /// - Parameter beside: is done after each change, and says what to compare with.
  private func dropping(
    _ count: Int, beside: (BackendEnvironment) async throws -> Double
  ) async throws -> (dropped: [Double], written: [Double], beside: [Double]) {
    try await with("told", announces: true) { environment in
      let (writer, reader) = (try await factory.open(environment), try await factory.open(environment))
      let source = BenchmarkRecords(seed: scale.seed)
      let stopwatch = Stopwatch()
      let cache = try Self.cache(over: reader, stopwatch)
      let probes = (0..<32).map { _ in source.record() }
      try await writer.storeEach(probes)
      let load = Task {
        let others = BenchmarkRecords(seed: scale.seed &+ 1)
        let clock = ContinuousClock()
        var next = clock.now
        while !Task.isCancelled {
          try await writer.store(others.record())
          next += .milliseconds(1)
          if next > clock.now { try await Task.sleep(until: next, tolerance: .zero, clock: clock) }
        }
      }
      var times: (dropped: [Double], written: [Double], beside: [Double]) = ([], [], [])
      // Somebody listens from here on.
      try await stopwatch.begins()
      for number in 0..<count {
        let record = probes[number % probes.count].replacing(revision: UInt64(number) + 1)
        _ = try await cache.load(record.id)
        stopwatch.expect(record.id)
        let begin = DispatchTime.now().uptimeNanoseconds
        try await writer.store(record)
        times.written.append(Double(DispatchTime.now().uptimeNanoseconds &- begin))
        times.dropped.append(Double(await stopwatch.end() &- begin))
        times.beside.append(try await beside(environment))
      }
      load.cancel()
      _ = try? await load.value
      try await cache.close()
      try await writer.close()
      return times
    }
  }

  private static func cache(
    over backend: any AuthCacheBackend, _ stopwatch: Stopwatch
  ) throws -> any AuthCacheBackend {
    guard let backend = backend as? any InvalidationBackend else { throw Fault.blocked("nothing is announced") }
    return listening(over: backend, stopwatch)
  }

  private static func listening(
    over backend: some InvalidationBackend, _ stopwatch: Stopwatch
  ) -> any AuthCacheBackend {
    let source = InvalidationSource { () async throws(AuthCacheError) in
      let announcements = try await backend.invalidations()
      let box = Box(announcements.makeAsyncIterator())
      return InvalidationStream { () async throws(AuthCacheError) in
        // Asked for the next one, the cache has dropped what the last one named.
        stopwatch.dropped()
        let next = try await box.next()
        stopwatch.hears(next)
        return next
      }
    }
    return CachingBackend(
      over: backend, configuration: CachingConfiguration(sessions: CachePolicy(timeToLive: .seconds(3_600))),
      invalidatedBy: source)
  }
}

/// An iterator that one task at a time uses.
// Unchecked: the one consumer of a stream asks for its elements one after the other.
private final class Box<Iterator: AsyncIteratorProtocol>: @unchecked Sendable
where Iterator.Element == Invalidation, Iterator.Failure == AuthCacheError {
  private var iterator: Iterator

  init(_ iterator: Iterator) { self.iterator = iterator }

  func next() async throws(AuthCacheError) -> Invalidation? { try await iterator.next(isolation: nil) }
}

/// When a cache has dropped what somebody waits for.
private final class Stopwatch: Sendable {
  private struct State {
    var awaited: Lookup?
    var waiter: CheckedContinuation<UInt64, Never>?
    var heard: Invalidation?
    var end: UInt64?
    var hasBegun = false
  }

  private let state = Mutex(State())

  func hears(_ invalidation: Invalidation?) { state.withLock { $0.heard = invalidation } }

  func dropped() {
    let now = DispatchTime.now().uptimeNanoseconds
    let waiter = state.withLock { state -> CheckedContinuation<UInt64, Never>? in
      state.hasBegun = state.hasBegun || state.heard != nil
      guard let awaited = state.awaited, state.heard == .record(awaited) || state.heard == .gap else { return nil }
      state.awaited = nil
      state.end = now
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume(returning: now)
  }

  func begins() async throws {
    while !state.withLock({ $0.hasBegun }) { try await Task.sleep(for: .milliseconds(1)) }
  }

  func expect(_ lookup: Lookup) { state.withLock { ($0.awaited, $0.end) = (lookup, nil) } }

  /// The instant at which it was dropped, in nanoseconds.
  func end() async -> UInt64 {
    await withCheckedContinuation { continuation in
      let end: UInt64? = state.withLock { state in
        if let end = state.end { return end }
        state.waiter = continuation
        return nil
      }
      if let end { continuation.resume(returning: end) }
    }
  }
}
