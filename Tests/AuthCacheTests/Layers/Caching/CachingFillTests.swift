import AuthCache
import AuthCacheConformance
import Testing

/// What else may come while a read is under way, explored in schedules.
@Suite(.serialized) struct CachingFillTests {
  private typealias Scene = CachingScheduleTests.Scene

  private func explore(
    _ law: String, floor: Int = 20, _ scenario: @escaping @Sendable (Schedule) async throws -> Void
  ) async throws {
    let result = await Exploration(
      seed: 42, schedules: RaceLaws.schedules, floor: RaceLaws.floor(floor)
    ).run(scenario)
    print("schedules of \(law): \(result)")
    try result.check()
  }

  /// Two readers whose fills are under way while something else happens.
  private static func readers(_ scene: Scene) -> [@Sendable () async throws -> Void] {
    [
      { _ = try? await scene.cache.load(scene.session.id) },
      { _ = try? await scene.cache.load(scene.access) },
    ]
  }

  @Test(arguments: CachingScheduleTests.writes)
  func `A bulk read that began before a write leaves nothing old`(_ write: CachingScheduleTests.Write) async throws {
    try await explore("a bulk fill beside \(write.testDescription)", floor: 10) { schedule in
      let scene = Scene(schedule)
      try await scene.store.store(scene.session)
      try await schedule.together([
        "bulk reader": { _ = try await scene.cache.load(contentsOf: [scene.session.id, scene.access, scene.refresh]) },
        "reader": { _ = try await scene.cache.load(scene.access) },
        "writer": {
          try await write.run(scene.cache, scene.session)
          try await scene.expectAgreement()
        },
      ])
      try await scene.expectAgreement()
    }
  }

  @Test func `A fill that began before a flush is not kept`() async throws {
    try await explore("flush beside a fill") { schedule in
      let scene = Scene(schedule)
      try await scene.store.store(scene.session)
      let readers = Self.readers(scene)
      try await schedule.together([
        "A": readers[0], "B": readers[1],
        "flusher": {
          _ = try await scene.store.remove(scene.session.id)
          scene.cache.flush()
          for lookup in scene.all {
            schedule.expect(try await scene.cache.load(lookup) == nil, "served by \(lookup.field) after the flush")
          }
        },
      ])
      try await scene.expectAgreement()
    }
  }

  @Test func `A fill that is under way at a close is not kept, and every read ends`() async throws {
    try await explore("close beside a fill") { schedule in
      let scene = Scene(schedule)
      try await scene.store.store(scene.session)
      @Sendable func read(_ lookup: Lookup) async {
        do throws(AuthCacheError) {
          let found = try await scene.cache.load(lookup)
          schedule.expect(found == scene.session, "a read beside the close finds nothing")
        } catch { schedule.expect(error.code == .closed, "a read beside the close throws \(error.code)") }
      }
      try await schedule.together([
        "A": { await read(scene.session.id) }, "B": { await read(scene.access) },
        "C": {
          do throws(AuthCacheError) {
            _ = try await scene.cache.load(contentsOf: scene.all)
          } catch { schedule.expect(error.code == .closed, "a bulk read beside the close throws \(error.code)") }
        },
        "closer": {
          try await scene.cache.close()
          schedule.expect(await failure { _ = try await scene.cache.load(scene.access) }?.code == .closed, "served")
        },
      ])
      schedule.expect(scene.cache.cachedCount(of: .session) == 0, "something is held after the close")
      for lookup in scene.all {
        schedule.expect(await failure { _ = try await scene.cache.load(lookup) }?.code == .closed, "served after close")
      }
    }
  }

  @Test func `A record that ends while it is read is not served after its end`() async throws {
    try await explore("expiry beside a fill") { schedule in
      let scene = Scene(schedule, CachePolicy(capacity: 16, timeToLive: .seconds(60), skew: .zero))
      let session = RecordSamples.record(1, expiresAt: schedule.clock.now + .seconds(2), accessToken: 2)
      try await scene.store.store(session)
      let readers = Self.readers(scene)
      try await schedule.together([
        "A": readers[0], "B": readers[1],
        "time": {
          await schedule.point()
          schedule.clock.advance(by: .seconds(1))
          await schedule.point()
          schedule.clock.advance(by: .seconds(1))
          for lookup in scene.all {
            schedule.expect(try await scene.cache.load(lookup) == nil, "served by \(lookup.field) after its end")
          }
        },
      ])
      try await scene.expectAgreement()
    }
  }

  enum Loss: String, CaseIterable { case gap, cut }

  /// News that were lost come as a gap, or as the end of a subscription and the begin of the next.
  @Test(arguments: Loss.allCases)
  func `A fill that began before news were lost is not kept`(_ loss: Loss) async throws {
    try await explore("\(loss) beside a fill") { schedule in
      let announcer = Announcer()
      let store = ReferenceBackend(clock: schedule.clock).interleaved()
      let cache = CachingBackend(
        over: store, configuration: CachingConfiguration(sessions: CachePolicy(capacity: 16)),
        invalidatedBy: announcer.source, clock: schedule.clock, spawner: schedule.spawner, logger: .silent)
      let session = RecordSamples.record(1, expiresAt: schedule.clock.now + .seconds(3_600), accessToken: 2)
      let access = Lookup.accessToken(RecordSamples.digest(2))
      try await schedule.clock.sleep(for: .milliseconds(1))
      try await store.store(session)
      try await schedule.together([
        "A": { for _ in 0..<2 { _ = try await cache.load(session.id) } },
        "B": { _ = try await cache.load(access) },
        "elsewhere": {
          _ = try await store.remove(session.id)
          // Nobody is told of it.
          switch loss {
          case .gap: announcer.announce(.gap)
          case .cut: announcer.cut()
          }
        },
      ])
      // Until it is heard; or until the next subscription, which begins a second later.
      try await schedule.clock.sleep(for: loss == .gap ? .milliseconds(1) : .seconds(2))
      for lookup in [session.id, access] {
        schedule.expect(try await cache.load(lookup) == nil, "served by \(lookup.field) after the \(loss) was heard")
      }
      schedule.expect(cache.isListening, "it does not listen")
      try await cache.close()
    }
  }
}
