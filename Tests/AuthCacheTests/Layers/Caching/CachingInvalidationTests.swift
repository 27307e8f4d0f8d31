import AuthCache
import AuthCacheConformance
import Testing

@Suite(.serialized) struct CachingInvalidationTests {
  private static let lookups: [Lookup] = [
    .id(.session, RecordSamples.digest(1)), .accessToken(RecordSamples.digest(2)),
    .refreshToken(RecordSamples.digest(3)),
  ]
  static let announcements: [Invalidation] =
    lookups.map(Invalidation.record) + [.group(.subject(RecordSamples.digest(60))), .gap]

  @Test(arguments: announcements)
  func `An announced change drops the record, under every digest of it`(_ announcement: Invalidation) async throws {
    let result = await Exploration(seed: 1, schedules: RaceLaws.schedules(200), floor: 1).run { schedule in
      let scene = FedScene(schedule)
      try await scene.fill()
      _ = try await scene.store.remove(scene.session.id)
      schedule.expect(try await scene.cache.load(scene.session.id) != nil, "the cache knew of it before it was told")
      scene.announcer.announce(announcement)
      try await scene.settle()
      schedule.expect(scene.cache.cachedCount(of: .session) == 0, "it is still there")
      for lookup in Self.lookups {
        schedule.expect(try await scene.cache.load(lookup) == nil, "still served by \(lookup.field)")
      }
      try await scene.cache.close()
    }
    try result.check()
  }

  @Test(arguments: [nil, AuthCacheError(.unavailable, operation: .load, "cut off")])
  func `A cut drops everything, and so does the next subscription`(_ error: AuthCacheError?) async throws {
    let result = await Exploration(seed: 1, schedules: RaceLaws.schedules(200), floor: 1).run { schedule in
      let scene = FedScene(schedule)
      try await scene.fill()
      scene.announcer.cut(error)
      try await scene.settle()
      schedule.expect(scene.cache.cachedCount(of: .session) == 0, "it is still there")
      _ = try await scene.cache.load(scene.session.id)
      schedule.expect(scene.cache.cachedCount(of: .session) == 1, "nothing is cached while nobody listens")
      try await schedule.clock.sleep(for: .seconds(2))
      schedule.expect(scene.announcer.subscriptions == 2, "it did not subscribe anew")
      schedule.expect(scene.cache.cachedCount(of: .session) == 0, "what came in between is still there")
      try await scene.cache.close()
    }
    try result.check()
  }

  @Test func `A session stays for a minute while somebody listens, and for five seconds otherwise`() async throws {
    let result = await Exploration(seed: 1, schedules: RaceLaws.schedules(200), floor: 1).run { schedule in
      let scene = FedScene(schedule)
      try await scene.fill()
      schedule.clock.advance(by: .seconds(59) - .milliseconds(1))
      _ = try await scene.cache.load(scene.session.id)
      schedule.expect(scene.cache.counts(of: .session).loads == 1, "asked too early")
      schedule.clock.advance(by: .milliseconds(1))
      _ = try await scene.cache.load(scene.session.id)
      schedule.expect(scene.cache.counts(of: .session).loads == 2, "served too long")

      scene.announcer.cut()
      try await scene.settle()
      schedule.expect(scene.cache.cachedCount(of: .session) == 0, "it is still there")
      _ = try await scene.cache.load(scene.session.id)
      let asked = scene.cache.counts(of: .session).loads
      schedule.clock.advance(by: .milliseconds(900))
      _ = try await scene.cache.load(scene.session.id)
      schedule.expect(scene.cache.counts(of: .session).loads == asked, "asked too early without a source")
      try await scene.cache.close()
    }
    try result.check()
  }

  @Test func `A fill that began before a change was announced is not kept`() async throws {
    let result = await Exploration(
      seed: 1, schedules: RaceLaws.schedules, floor: RaceLaws.floor(20)
    ).run { schedule in
      let scene = FedScene(schedule)
      try await scene.fill()
      scene.cache.flush()
      _ = try await scene.cache.load(scene.mark.id)
      try await schedule.together([
        "reader by id": { _ = try await scene.cache.load(scene.session.id) },
        "reader by token": { _ = try await scene.cache.load(.accessToken(RecordSamples.digest(2))) },
        "elsewhere": {
          _ = try await scene.store.remove(scene.session.id)
          let before = scene.cache.counts.invalidations
          scene.announcer.announce(.record(.refreshToken(RecordSamples.digest(3))))
          scene.announcer.announce(.record(scene.mark.id))
          try await scene.settle()
          schedule.expect(scene.cache.counts.invalidations > before, "the announcement was not heard")
        },
      ])
      for lookup in Self.lookups {
        schedule.expect(try await scene.cache.load(lookup) == nil, "served although the change was heard")
      }
      try await scene.cache.close()
    }
    print("announced change:", result)
    try result.check()
  }

  @Test func `Nobody listens any more after a close, or when the cache is let go`() async throws {
    let announcer = Announcer()
    let world = CacheWorld(CachingConfiguration(), invalidatedBy: announcer.source)
    while announcer.listeners == 0 { await Task.yield() }
    try await world.cache.close()
    #expect(announcer.listeners == 0)

    let other = Announcer()
    do { _ = CacheWorld(CachingConfiguration(), invalidatedBy: other.source) }
    for _ in 0..<100_000 where other.subscriptions == 0 || other.listeners > 0 { await Task.yield() }
    #expect(other.listeners == 0)
  }
}

private struct FedScene: Sendable {
  let announcer = Announcer()
  let store: InterceptedBackend<ReferenceBackend>
  let cache: CachingBackend<InterceptedBackend<ReferenceBackend>>
  let session: Record
  let mark: Record
  private let schedule: Schedule

  init(_ schedule: Schedule) {
    self.schedule = schedule
    store = ReferenceBackend(clock: schedule.clock).interleaved()
    cache = CachingBackend(
      over: store,
      configuration: CachingConfiguration(sessions: CachePolicy(capacity: 16), clients: CachePolicy(capacity: 16)),
      invalidatedBy: announcer.source, clock: schedule.clock, spawner: schedule.spawner, logger: .silent)
    session = RecordSamples.record(
      1, expiresAt: schedule.clock.now + .seconds(3_600), accessToken: 2, refreshToken: 3,
      groups: Groups(subject: RecordSamples.digest(60)))
    mark = RecordSamples.record(9, kind: .client, expiresAt: nil)
  }

  /// Until nobody has anything left to do: only then does time pass.
  func settle() async throws { try await schedule.clock.sleep(for: .milliseconds(1)) }

  /// Until somebody listens, and the session and the mark are cached.
  func fill() async throws {
    try await settle()
    try await store.store(session)
    try await store.store(mark)
    _ = try await cache.load(session.id)
    _ = try await cache.load(mark.id)
  }
}
