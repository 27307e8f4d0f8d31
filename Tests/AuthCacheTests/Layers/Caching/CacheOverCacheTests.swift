import AuthCache
import AuthCacheConformance
import Testing

/// A cache that takes the cache below it for its source: neither serves what the other was told is old.
@Suite(.serialized) struct CacheOverCacheTests {
  private struct Tower: Sendable {
    let store: InterceptedBackend<MemoryBackend>
    let lower: CachingBackend<InterceptedBackend<MemoryBackend>>
    let upper: CachingBackend<CachingBackend<InterceptedBackend<MemoryBackend>>>
    let session: Record
    private let schedule: Schedule

    init(_ schedule: Schedule) {
      self.schedule = schedule
      store = MemoryBackend(clock: schedule.clock).interleaved()
      let configuration = CachingConfiguration(
        sessions: CachePolicy(capacity: 16, timeToLive: .seconds(60)), clients: .disabled)
      lower = CachingBackend(
        over: store, configuration: configuration, clock: schedule.clock, spawner: schedule.spawner)
      upper = CachingBackend(
        over: lower, configuration: configuration, invalidatedBy: InvalidationSource(lower), clock: schedule.clock,
        spawner: schedule.spawner, logger: .silent)
      session = RecordSamples.record(
        1, expiresAt: schedule.clock.now + .seconds(3_600), accessToken: 2, refreshToken: 3,
        groups: Groups(subject: RecordSamples.digest(60)))
    }

    var lookups: [Lookup] { [session.id, .accessToken(RecordSamples.digest(2))] }

    /// Until nobody has anything left to do: only then does time pass.
    func settle() async throws { try await schedule.clock.sleep(for: .milliseconds(1)) }
  }

  struct Change: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let run: @Sendable (InterceptedBackend<MemoryBackend>, Record) async throws -> Void
  }

  static let changes = [
    Change(testDescription: "remove") { _ = try await $0.remove($1.id) },
    Change(testDescription: "rotate") { store, session in
      let aliases = Aliases(accessToken: RecordSamples.digest(4), refreshToken: RecordSamples.digest(5))
      _ = try await store.replace(session, with: session.replacing(revision: 2, aliases: aliases))
    },
    Change(testDescription: "revoke") { store, _ in
      _ = try await store.removeAll(in: .subject(RecordSamples.digest(60)))
    },
  ]

  @Test(arguments: changes)
  func `A cache over a cache hears after the lower one`(_ change: Change) async throws {
    let result = await Exploration(
      seed: 42, schedules: RaceLaws.schedules, floor: RaceLaws.floor(100)
    ).run { schedule in
      let tower = Tower(schedule)
      try await tower.settle()
      try await tower.store.store(tower.session)
      try await tower.settle()
      for lookup in tower.lookups { _ = try await tower.upper.load(lookup) }
      try await schedule.together([
        "reader": { for lookup in tower.lookups { _ = try await tower.upper.load(lookup) } },
        "reader below": { _ = try await tower.lower.load(tower.session.id) },
        "elsewhere": { try await change.run(tower.store, tower.session) },
      ])
      try await tower.settle()
      for lookup in tower.lookups {
        let stored = try await tower.store.load(lookup)
        schedule.expect(try await tower.upper.load(lookup) == stored, "the upper one serves the old by \(lookup.field)")
        schedule.expect(try await tower.lower.load(lookup) == stored, "the lower one serves the old by \(lookup.field)")
      }
      try await tower.upper.close()
    }
    print("schedules of a cache over a cache, \(change.testDescription):", result)
    try result.check()
  }

  /// Nobody told the lower cache what was written before the upper one listened.
  @Test func `A subscription through a cache begins with nothing remembered in it`() async throws {
    let result = await Exploration(
      seed: 42, schedules: RaceLaws.schedules, floor: RaceLaws.floor(20)
    ).run { schedule in
      let tower = Tower(schedule)
      try await tower.store.store(tower.session)
      _ = try await tower.lower.load(tower.session.id)
      _ = try await tower.store.remove(tower.session.id)
      let news = try await tower.lower.invalidations()
      var heard = news.makeAsyncIterator()
      schedule.expect(try await heard.next() == .gap, "a subscription does not begin with a gap")
      schedule.expect(try await tower.lower.load(tower.session.id) == nil, "the lower cache serves what it had before")
      try await tower.upper.close()
    }
    try result.check()
  }
}
