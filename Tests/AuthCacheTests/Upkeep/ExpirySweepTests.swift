import AuthCache
import AuthCacheConformance
import ServiceLifecycle
import Synchronization
import Testing

@Suite struct ExpirySweepTests {
  private let clock = VirtualClock()

  private func fill(_ backend: any AuthCacheBackend, _ count: UInt64, life: Duration) async throws {
    for number in 0..<count {
      let record = Record(
        kind: number % 2 == 0 ? .state : .code,
        digest: RecordDigest(words: (number, 0, 0, UInt64(life.wholeMilliseconds))),
        revision: 1, createdAt: clock.now, expiresAt: clock.now + life, payload: [1])
      try await backend.store(record)
    }
  }

  @Test("a sweep goes on batch after batch until nothing is left, and counts by kind")
  func drains() async throws {
    let backend = MemoryBackend(clock: clock)
    try await fill(backend, 25, life: .seconds(10))
    clock.advance(by: .seconds(70))
    let sweep = ExpirySweep(over: backend, configuration: .init(batch: 10), clock: clock)
    #expect(try await sweep.sweep() == [.state: 13, .code: 12])
    #expect(try await sweep.sweep() == [:])
  }

  @Test("what ended within the skew stays")
  func skew() async throws {
    let backend = MemoryBackend(clock: clock)
    try await fill(backend, 4, life: .seconds(10))
    clock.advance(by: .seconds(69))
    let sweep = ExpirySweep(over: backend, clock: clock)
    #expect(try await sweep.sweep() == [:])
    clock.advance(by: .seconds(1))
    #expect(try await sweep.sweep().total == 4)
  }

  @Test("the service sweeps at once and at every interval, lives through a failure, and ends when it is cancelled")
  func service() async throws {
    let backend = MemoryBackend(clock: clock)
    let failing = FirstCallFails()
    try await fill(backend, 3, life: .seconds(1))
    clock.advance(by: .seconds(61))
    let sweep = ExpirySweep(
      over: backend.intercepted(by: failing), clock: clock, entropy: SeededEntropy(seed: 1))
    let running = Task { try await sweep.run() }

    try await untilAsleep()
    let lookup = Lookup.id(.state, RecordDigest(words: (0, 0, 0, 1_000)))
    #expect(try await backend.removeExpired(through: clock.now, limit: 0) == [:])
    clock.advance(by: .seconds(331))
    try await untilAsleep()
    #expect(failing.calls == 2)
    #expect(try await backend.removeExpired(through: clock.now, limit: 100) == [:])
    #expect(try await backend.load(lookup) == nil)
    running.cancel()
    try await running.value
    #expect(clock.sleeperCount == 0)
  }

  /// Yields until the service sleeps on the clock.
  private func untilAsleep() async throws {
    for _ in 0..<1_000_000 where clock.sleeperCount == 0 { await Task.yield() }
    try #require(clock.sleeperCount == 1)
  }
}

private final class FirstCallFails: BackendInterceptor {
  private let counter = CallCount()
  var calls: Int { counter.value }

  func intercept(_ call: BackendCall, proceed: BackendProceed) async throws(AuthCacheError) -> BackendAnswer {
    if counter.next() == 1 { throw AuthCacheError(.unavailable, operation: call.operation, "not now") }
    return try await proceed(call)
  }
}

private final class CallCount: Sendable {
  private let count = Mutex(0)
  var value: Int { count.withLock { $0 } }
  func next() -> Int {
    count.withLock {
      $0 += 1
      return $0
    }
  }
}
