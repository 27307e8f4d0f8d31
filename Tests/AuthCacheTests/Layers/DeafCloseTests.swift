import AuthCache
import AuthCacheConformance
import Testing

/// A delegate that neither answers nor heeds cancellation can't be waited for. A close goes on without it, in time, and says
/// so.
@Suite("Closing over the deaf") struct DeafCloseTests {
  private static let configuration = BufferConfiguration(
    maxBatch: 1, queued: [.client], drainDeadline: .seconds(10), closeDeadline: .seconds(20))

  @Test("a write that the delegate never answers is named, and its late success changes nothing")
  func write() async {
    await explore(200, floor: 2) { schedule in
      let deaf = DeafDelegate {
        if case .store = $0 { true } else { false }
      }
      let bottom = ReferenceBackend(clock: schedule.clock)
      let spawner = CountingSpawner(schedule.spawner)
      let buffer = try BufferedBackend(
        over: NarrowBackend(delegate: InterceptedBackend(bottom, by: deaf)), configuration: Self.configuration,
        clock: schedule.clock, spawner: spawner)
      let start = schedule.clock.now
      try await buffer.store(RecordSamples.record(1, kind: .client, expiresAt: nil))
      async let writing = failure { try await buffer.store(RecordSamples.record(2, expiresAt: nil)) }
      try await schedule.clock.sleep(for: .seconds(1))
      do {
        try await buffer.close()
        schedule.fail("close() said nothing")
      } catch let error as AuthCacheError {
        schedule.expect(error.code == .drainIncomplete && error.effect == .unknown, "\(error)")
        schedule.expect(error.unwritten == [.client: 1, .session: 1], "\(error.unwritten) are named")
      }
      schedule.expect(schedule.clock.now <= start + .seconds(13), "the deadline was not kept")
      schedule.expect(await writing == Failure(code: .timeout, effect: .unknown), "the writer was told otherwise")
      let (counts, left) = (buffer.counts, buffer.unwritten().map(\.record.digest))
      schedule.expect(left == [RecordSamples.digest(1)], "\(left.count) are unwritten")
      schedule.expect(spawner.running > 0, "nothing was left behind: the delegate was not deaf")

      deaf.gate.open()
      try await schedule.clock.sleep(for: .seconds(1))
      schedule.expect(buffer.counts == counts, "a late answer was counted")
      schedule.expect(buffer.unwritten().map(\.record.digest) == left, "a late answer changed what is unwritten")
      schedule.expect(await failure { try await buffer.close() }?.code == .drainIncomplete, "another answer")
      schedule.expect(spawner.running == 0, "\(spawner.running) tasks run on")
    }
  }

  @Test(
    "a delegate that never ends its own close is left behind when its deadline has passed", arguments: [false, true])
  func close(isUnwritten: Bool) async {
    await explore(200, floor: 1) { schedule in
      let deaf = DeafDelegate {
        if case .close = $0 { true } else { false }
      }
      let probe = DelegateProbe { _, call in
        if case .store = call, isUnwritten { .refused(.unavailable) } else { nil }
      }
      let bottom = ReferenceBackend(clock: schedule.clock)
      let buffer = try BufferedBackend(
        over: NarrowBackend(delegate: InterceptedBackend(InterceptedBackend(bottom, by: probe), by: deaf)),
        configuration: Self.configuration, clock: schedule.clock, spawner: schedule.spawner)
      let start = schedule.clock.now
      try await buffer.store(RecordSamples.record(1, kind: .client, expiresAt: nil))
      do {
        try await buffer.close()
        schedule.fail("close() said nothing")
      } catch let error as AuthCacheError {
        schedule.expect(error.code == (isUnwritten ? .drainIncomplete : .timeout), "\(error)")
        schedule.expect(error.unwritten == (isUnwritten ? [.client: 1] : [:]), "\(error.unwritten)")
        schedule.expect(error.reason.contains("left behind"), "it does not say what is left: \(error)")
      }
      schedule.expect(schedule.clock.now <= start + .seconds(32), "the deadline was not kept")
      deaf.gate.open()
      try await schedule.clock.sleep(for: .seconds(1))
      let again = await failure { try await buffer.close() }
      schedule.expect(again?.code == (isUnwritten ? .drainIncomplete : .timeout), "the late answer is another one")
    }
  }

  @Test("a cache whose delegate never ends its own close is closed in time", arguments: [false, true])
  func cache(isSourceDeaf: Bool) async {
    await explore(200, floor: 1) { schedule in
      let deaf = DeafDelegate {
        if case .close = $0 { !isSourceDeaf } else { false }
      }
      let listening = DeafGate()
      let source = InvalidationSource { () async throws(AuthCacheError) in
        if isSourceDeaf { await listening.pass() }
        return Announcer().subscribe()
      }
      let spawner = CountingSpawner(schedule.spawner)
      let cache = CachingBackend(
        over: InterceptedBackend(ReferenceBackend(clock: schedule.clock), by: deaf),
        configuration: CachingConfiguration(closeDeadline: .seconds(20)), invalidatedBy: source, clock: schedule.clock,
        spawner: spawner, logger: .silent)
      try await schedule.clock.sleep(for: .seconds(1))
      let start = schedule.clock.now
      do {
        try await cache.close()
        schedule.fail("close() said nothing")
      } catch let error as AuthCacheError {
        schedule.expect(error.code == .timeout && error.effect == .unknown, "\(error)")
        schedule.expect(
          error.reason.contains(isSourceDeaf ? "source" : "delegate"), "\(error) does not say what is left")
      }
      schedule.expect(schedule.clock.now <= start + .seconds(isSourceDeaf ? 3 : 22), "the deadline was not kept")
      listening.open()
      deaf.gate.open()
      try await schedule.clock.sleep(for: .seconds(2))
      schedule.expect(spawner.running == 0, "\(spawner.running) tasks run on")
      schedule.expect(await failure { try await cache.close() }?.code == .timeout, "the second answer differs")
      schedule.expect(
        await failure { _ = try await cache.load(.id(.session, RecordSamples.digest(1))) } != nil, "served")
      schedule.expect(!cache.isListening, "it listens after its close")
    }
  }
}
