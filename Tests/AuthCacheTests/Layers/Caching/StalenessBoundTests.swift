import AuthCache
import AuthCacheConformance
import Testing

/// How old what a cache serves can be: measured while its source is cut and restored, and compared with what is written.
@Suite struct StalenessBoundTests {
  /// What the source takes to tell of a change: a poll interval, say.
  private static let delay = Duration.milliseconds(50)

  private struct Worst: Sendable {
    /// Of reads by a cache that has listened ever since the change.
    var heard = Duration.zero
    /// Of reads by one that did not listen meanwhile.
    var unheard = Duration.zero
    var staleReads = 0
  }

  @Test func `No read is older than the source's delay, or without it than the time to live`() async throws {
    let (writes, worst) = (2_000, Collected(Worst()))
    let result = await Exploration(seed: 7, schedules: 1, floor: 1, maxSteps: 1_000_000).run { schedule in
      worst.set(Worst())
      let announcer = Announcer()
      let store = ReferenceBackend(clock: schedule.clock)
      let cache = CachingBackend(
        over: store, configuration: CachingConfiguration(sessions: CachePolicy(skew: .zero), clients: .disabled),
        invalidatedBy: announcer.source, clock: schedule.clock, spawner: schedule.spawner, logger: .silent)
      schedule.expect(cache.properties.consistency == .stale(.seconds(60)), "\(cache.properties.consistency)")
      try await schedule.clock.sleep(for: .milliseconds(1))

      var random = SeededGenerator(seed: 11)
      var session = RecordSamples.record(1, expiresAt: schedule.clock.now + .seconds(1_000_000))
      try await store.store(session)
      // When each revision was replaced, and since when the cache has been listening.
      var replacedAt: [UInt64: Timestamp] = [:]
      var listeningSince: Timestamp? = schedule.clock.now
      var isCut = false
      for number in 2...UInt64(writes) {
        replacedAt[session.revision] = schedule.clock.now
        session = session.replacing(revision: number)
        try await store.store(session)
        let id = session.id
        _ = schedule.spawner.spawn {
          try? await schedule.clock.sleep(for: Self.delay)
          announcer.announce(.record(id))
        }
        if random.chance(40) {
          isCut.toggle()
          announcer.isCut = isCut
          if isCut { announcer.cut() }
        }
        for _ in 0..<random.below(12) {
          try await schedule.clock.sleep(for: .milliseconds(1 + random.below(isCut ? 1_500 : 40)))
          listeningSince = cache.isListening ? listeningSince ?? schedule.clock.now : nil
          guard let read = try await cache.load(id), let replaced = replacedAt[read.revision] else { continue }
          let age = replaced.duration(to: schedule.clock.now)
          worst.change { worst in
            worst.staleReads += 1
            if let since = listeningSince, since <= replaced {
              worst.heard = max(worst.heard, age)
            } else {
              worst.unheard = max(worst.unheard, age)
            }
          }
        }
      }
      try await cache.close()
    }
    try result.check()
    let found = worst.value
    print("worst of \(found.staleReads) stale reads, \(writes) writes: \(found.heard) listening, \(found.unheard) not")
    #expect(found.heard <= Self.delay && found.heard > .zero)
    #expect(found.unheard <= .seconds(5) && found.unheard > Self.delay)
  }

  @Test func `Without a source the bound is the time to live without one`() {
    let sessions = CachingConfiguration(clients: .disabled)
    let source = Announcer().source
    func bound(_ configuration: CachingConfiguration, _ source: InvalidationSource?) -> BackendProperties.Consistency {
      CacheWorld(configuration, invalidatedBy: source).cache.properties.consistency
    }
    #expect(bound(sessions, nil) == .stale(.seconds(5)))
    #expect(bound(sessions, source) == .stale(.seconds(60)))
    #expect(bound(CachingConfiguration(), nil) == .stale(.seconds(300)))
    var remembering = sessions
    remembering.sessions.negativeTimeToLive = .seconds(9)
    #expect(bound(remembering, nil) == .stale(.seconds(9)))
  }
}
