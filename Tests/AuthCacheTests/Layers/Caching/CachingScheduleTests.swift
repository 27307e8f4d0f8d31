import AuthCache
import AuthCacheConformance
import Testing

/// Races, explored in seeded schedules over a backend that suspends at each call.
@Suite(.serialized) struct CachingScheduleTests {
  struct Scene: Sendable {
    let schedule: Schedule
    let store: InterceptedBackend<ReferenceBackend>
    let cache: CachingBackend<InterceptedBackend<ReferenceBackend>>
    let session: Record

    init(_ schedule: Schedule, _ policy: CachePolicy = CachePolicy(capacity: 16, negativeTimeToLive: .seconds(60))) {
      self.schedule = schedule
      store = ReferenceBackend(clock: schedule.clock).interleaved()
      cache = CachingBackend(
        over: store, configuration: CachingConfiguration(sessions: policy, clients: .disabled), clock: schedule.clock,
        spawner: schedule.spawner)
      session = Record(
        kind: .session, digest: RecordSamples.digest(1), revision: 1, createdAt: schedule.clock.now,
        expiresAt: schedule.clock.now + .seconds(3_600),
        aliases: Aliases(accessToken: RecordSamples.digest(2), refreshToken: RecordSamples.digest(3)),
        groups: Groups(subject: RecordSamples.digest(60)), payload: [1])
    }

    var access: Lookup { .accessToken(RecordSamples.digest(2)) }
    var refresh: Lookup { .refreshToken(RecordSamples.digest(3)) }
    var all: [Lookup] { [session.id, access] }

    /// Nothing is under way: whatever the cache answers, the store answers too.
    func expectAgreement() async throws {
      for lookup in all {
        let (cached, stored) = (try await cache.load(lookup), try await store.load(lookup))
        schedule.expect(cached == stored, "by \(lookup.field) the cache answers something else than the store")
      }
    }
  }

  struct Write: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let run: @Sendable (CachingBackend<InterceptedBackend<ReferenceBackend>>, Record) async throws -> Void
  }

  static let writes: [Write] = [
    Write(testDescription: "remove by id") { _ = try await $0.remove($1.id) },
    Write(testDescription: "remove by access token") { cache, _ in
      _ = try await cache.remove(.accessToken(RecordSamples.digest(2)))
    },
    Write(testDescription: "remove by refresh token") { cache, _ in
      _ = try await cache.remove(.refreshToken(RecordSamples.digest(3)))
    },
    Write(testDescription: "consume by id") { _ = try await $0.consume($1.id) },
    Write(testDescription: "consume by access token") { cache, _ in
      _ = try await cache.consume(.accessToken(RecordSamples.digest(2)))
    },
    Write(testDescription: "consume by refresh token") { cache, _ in
      _ = try await cache.consume(.refreshToken(RecordSamples.digest(3)))
    },
    Write(testDescription: "remove, then insert") { cache, session in
      _ = try await cache.remove(session.id)
      let isNew = try await cache.insert(session.replacing(revision: 2))
      if !isNew { Schedule.current?.fail("what was removed is there") }
    },
    Write(testDescription: "store") { try await $0.store($1.replacing(revision: 2)) },
    Write(testDescription: "replace") { cache, session in
      _ = try await cache.replace(session, with: session.replacing(revision: 2, aliases: Aliases.none))
    },
    Write(testDescription: "extend by refresh token") { cache, session in
      _ = try await cache.extend(
        .refreshToken(RecordSamples.digest(3)), to: (session.expiresAt ?? .distantFuture) + .seconds(60))
    },
    Write(testDescription: "removeAll(in:)") { cache, _ in
      _ = try await cache.removeAll(in: .subject(RecordSamples.digest(60)))
    },
    Write(testDescription: "store(contentsOf:)") { try await $0.store(contentsOf: [$1.replacing(revision: 2)]) },
    Write(testDescription: "remove(contentsOf:)") { cache, _ in
      _ = try await cache.remove(contentsOf: [.refreshToken(RecordSamples.digest(3))])
    },
  ]

  @Test(arguments: writes)
  func `A fill that began before a write is not kept`(_ write: Write) async throws {
    let result = await Exploration(
      seed: 42, schedules: RaceLaws.schedules, floor: RaceLaws.floor(20)
    ).run { schedule in
      let scene = Scene(schedule)
      try await scene.store.store(scene.session)
      try await schedule.together([
        "reader by id": { _ = try await scene.cache.load(scene.session.id) },
        "reader by token": { _ = try await scene.cache.load(scene.access) },
        "writer": { try await write.run(scene.cache, scene.session) },
      ])
      try await scene.expectAgreement()
    }
    print("stale fill, \(write.testDescription):", result)
    try result.check()
  }

  @Test(arguments: writes)
  func `Who wrote sees what it wrote, by every lookup, whoever is reading`(_ write: Write) async throws {
    let result = await Exploration(
      seed: 42, schedules: RaceLaws.schedules, floor: RaceLaws.floor(20)
    ).run { schedule in
      let scene = Scene(schedule)
      try await scene.store.store(scene.session)
      try await schedule.together([
        "reader": {
          for lookup in scene.all { _ = try await scene.cache.load(lookup) }
        },
        "writer": {
          try await write.run(scene.cache, scene.session)
          try await scene.expectAgreement()
        },
      ])
    }
    print("own write, \(write.testDescription):", result)
    try result.check()
  }

  @Test func `A remembered absence does not outlive a store that came meanwhile`() async throws {
    let result = await Exploration(
      seed: 42, schedules: RaceLaws.schedules, floor: RaceLaws.floor(20)
    ).run { schedule in
      let scene = Scene(schedule)
      try await schedule.together([
        "reader by id": { _ = try await scene.cache.load(scene.session.id) },
        "reader by token": { _ = try await scene.cache.load(scene.access) },
        "writer": {
          try await scene.cache.store(scene.session)
          for lookup in scene.all {
            schedule.expect(try await scene.cache.load(lookup) == scene.session, "stored, and not found")
          }
        },
      ])
      try await scene.expectAgreement()
    }
    print("absence:", result)
    try result.check()
  }

  @Test func `Two writers and a reader leave the cache with what the store has`() async throws {
    let result = await Exploration(
      seed: 42, schedules: RaceLaws.schedules, floor: RaceLaws.floor(100)
    ).run { schedule in
      let scene = Scene(schedule)
      try await schedule.together([
        "first": { try await scene.cache.store(scene.session.replacing(revision: 2)) },
        "second": { _ = try await scene.cache.remove(scene.refresh) },
        "reader": { for _ in 0..<2 { _ = try await scene.cache.load(scene.access) } },
      ])
      try await scene.expectAgreement()
    }
    print("two writers:", result)
    try result.check()
  }

  @Test func `However the callers of a cold key interleave, one call is made`() async throws {
    let result = await Exploration(
      seed: 42, schedules: RaceLaws.schedules, floor: RaceLaws.floor(20)
    ).run { schedule in
      let scene = Scene(schedule)
      try await scene.store.store(scene.session)
      let found = try await schedule.clients(["A", "B", "C"]) { _ in try await scene.cache.load(scene.session.id) }
      schedule.expect(found == [scene.session, scene.session, scene.session], "somebody got something else")
      schedule.expect(scene.cache.counts.loads == 1, "\(scene.cache.counts.loads) calls were made")
    }
    print("stampede:", result)
    try result.check()
  }

  @Test func `However a cancelled caller interleaves with others, they get the record`() async throws {
    let result = await Exploration(
      seed: 42, schedules: RaceLaws.schedules, floor: RaceLaws.floor(20)
    ).run { schedule in
      let scene = Scene(schedule)
      try await scene.store.store(scene.session)
      let cancelled = schedule.spawner.spawn {
        do throws(AuthCacheError) {
          let found = try await scene.cache.load(scene.session.id)
          return found == scene.session
        } catch { return error.code == .cancelled }
      }
      try await schedule.together([
        "canceller": {
          await schedule.point()
          cancelled.cancel()
        },
        "A": { schedule.expect(try await scene.cache.load(scene.session.id) == scene.session, "A lost it") },
        "B": { schedule.expect(try await scene.cache.load(scene.session.id) == scene.session, "B lost it") },
      ])
      schedule.expect(await cancelled.value, "the cancelled one got something else")
      try await scene.expectAgreement()
    }
    print("cancelled leader:", result)
    try result.check()
  }

  @Test func `In a cache of one place that two sessions fight for everybody gets the right one`() async throws {
    let result = await Exploration(
      seed: 42, schedules: RaceLaws.schedules, floor: RaceLaws.floor(20)
    ).run { schedule in
      let scene = Scene(schedule, CachePolicy(capacity: 1))
      let other = RecordSamples.record(7, expiresAt: schedule.clock.now + .seconds(3_600), accessToken: 8)
      try await scene.store.store(scene.session)
      try await scene.store.store(other)
      try await schedule.together([
        "A": { schedule.expect(try await scene.cache.load(scene.session.id) == scene.session, "A got another") },
        "B": {
          schedule.expect(try await scene.cache.load(.accessToken(RecordSamples.digest(8))) == other, "B got another")
        },
        "C": { schedule.expect(try await scene.cache.load(other.id) == other, "C got another") },
      ])
      schedule.expect(scene.cache.cachedCount(of: .session) <= 1, "there are too many")
      try await scene.expectAgreement()
    }
    print("one place:", result)
    try result.check()
  }
}
