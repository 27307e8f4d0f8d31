internal import AuthCache

extension Requirement {
  /// How long a record is served from memory.
  static let cacheTime: [Requirement] = [
    Requirement(
      "cache.time.table", .cache,
      "The time in the cache is the lesser of remaining life and cap, less the skew, to the millisecond.",
      consequence: "A session is served after its end, or on a slow clock a second longer than elsewhere.",
      likelyCause: "The whole life is counted, and not what remains when the record is read.",
      references: ["axum-oidc-client", "plyr.fm#932", "tower-sessions#82"], needs: [.cache]
    ) { trial in
      let world = try await trial.cached()
      for row in CacheTimeRow.all where row.time > 0 {
        let (lookup, rowWorld) = try await row.begin(trial, beside: world)
        rowWorld.clock.advance(by: .milliseconds(row.time - 1))
        trial.expect(try await rowWorld.asked(for: lookup), equals: 0, "calls at the last moment: \(row)")
        rowWorld.clock.advance(by: .milliseconds(1))
        trial.expect(try await rowWorld.asked(for: lookup), equals: 1, "calls when the time is over: \(row)")
      }
    },
    Requirement(
      "cache.time.notPositive", .cache, "A record whose time in the cache would not be positive is not cached.",
      consequence: "A session that has ended by another clock is kept, and pushes out one that is used.",
      likelyCause: "A time of zero is taken for none.", references: ["fedify#1034"], needs: [.cache]
    ) { trial in
      let world = try await trial.cached()
      for row in CacheTimeRow.all where row.time <= 0 {
        let (lookup, rowWorld) = try await row.begin(trial, beside: world)
        trial.expect(rowWorld.cache.cachedCount(of: .session), equals: 0, "records in the cache: \(row)")
        for _ in 0..<2 { trial.expect(try await rowWorld.asked(for: lookup), equals: 1, "calls: \(row)") }
      }
    },
    Requirement(
      "cache.time.fixed", .cache, "A read does not lengthen the time in the cache, under whatever digest it comes.",
      consequence: "A session that is used all the time is never seen to have been ended elsewhere.",
      likelyCause: "The time to live is counted from the last read.", needs: [.cache]
    ) { trial in
      let world = try await trial.cached(.checked(.checked(timeToLive: .seconds(5))))
      let session = trial.session()
      try await world.store.store(session)
      for lookup in session.cachedLookups { _ = try await world.cache.load(lookup) }
      _ = try await world.store.remove(session.id)
      for _ in 0..<10 {
        for lookup in session.cachedLookups { _ = try await world.cache.load(lookup) }
        world.clock.advance(by: .milliseconds(500))
      }
      for lookup in session.cachedLookups {
        trial.expect(try await world.cache.load(lookup), equals: nil, "\(lookup) after five seconds of reading")
      }
    },
    Requirement(
      "cache.time.idle", .cache,
      "A record leaves when it has not been read for the idle time; a read begins that time anew, within the cap.",
      consequence: "Sessions that nobody uses fill the cache, or those in use leave it.",
      likelyCause: "The idle time is counted from when the record came.", needs: [.cache]
    ) { trial in
      let world = try await trial.cached(.checked(.checked(timeToLive: .seconds(60), timeToIdle: .seconds(10))))
      let (idle, used) = (trial.session(), trial.session())
      for session in [idle, used] {
        try await world.store.store(session)
        _ = try await world.cache.load(session.id)
      }
      for second in stride(from: 9, through: 54, by: 9) {
        world.clock.advance(by: .seconds(9))
        trial.expect(try await world.asked(for: used.id), equals: 0, "calls for a record in use, after \(second) s")
      }
      trial.expect(try await world.asked(for: idle.id), equals: 1, "calls for one that nobody read")
      world.clock.advance(by: .seconds(6))
      trial.expect(try await world.asked(for: used.id), equals: 1, "calls for a record in use, after 60 s")
    },
    Requirement(
      "cache.time.checkedInBulk", .cache, "A bulk read looks at the time of each record that it serves.",
      consequence: "A list shows sessions that have ended.", likelyCause: "Only the single read looks at the time.",
      needs: [.cache, .bulk]
    ) { trial in
      let world = try await trial.cached(.checked(.checked(timeToLive: .seconds(5), negative: .seconds(2))))
      let session = trial.session()
      let missing = Lookup.id(.client, trial.digest())
      try await world.store.store(session)
      for lookup in session.cachedLookups + [missing] { _ = try await world.cache.load(lookup) }
      _ = try await world.store.remove(session.id)
      let client = Record(
        kind: .client, digest: missing.digest, revision: 1, createdAt: trial.now, expiresAt: nil, payload: [1])
      try await world.store.store(client)
      world.clock.advance(by: .seconds(5))
      let found = try await trial.bulk(world.cache).load(contentsOf: session.cachedLookups + [missing])
      trial.expect(
        found, equals: Array(repeating: nil, count: session.cachedLookups.count) + [client],
        "what a bulk read finds after the time of everything")
    },
  ]
}

/// A record when it is read, and what comes of it. All in milliseconds.
private struct CacheTimeRow: CustomStringConvertible {
  let age: Int64
  /// What remains of its life; nil for one that never ends.
  let life: Int64?
  let cap: Int64
  let skew: Int64
  /// How long it is served.
  let time: Int64

  static let all: [CacheTimeRow] = [
    (0, 600_000, 60_000, 0, 60_000), (0, 600_000, 60_000, 1_000, 59_000),
    (0, 45_000, 60_000, 0, 45_000), (0, 45_000, 60_000, 1_000, 44_000),
    // Most of its life is over.
    (595_000, 5_000, 60_000, 0, 5_000), (595_000, 5_000, 60_000, 1_500, 3_500), (3_600_000, 1, 60_000, 0, 1),
    (86_400_000, 600_000, 5_000, 1_000, 4_000),
    // The cap and the end, a millisecond apart.
    (0, 60_000, 60_000, 0, 60_000), (0, 60_001, 60_000, 0, 60_000), (0, 59_999, 60_000, 0, 59_999),
    // Never ends.
    (0, nil, 300_000, 1_000, 299_000), (86_400_000, nil, 300_000, 0, 300_000),
    // Nothing is left.
    (0, 1_000, 60_000, 1_000, 0), (0, 999, 60_000, 1_000, -1), (0, 600_000, 1_000, 1_000, 0),
    (600_000, 500, 60_000, 2_000, -1_500), (0, 600_000, 0, 0, 0), (0, nil, 0, 0, 0),
  ].map { CacheTimeRow(age: $0.0, life: $0.1, cap: $0.2, skew: $0.3, time: $0.4) }

  /// Reads such a record into a cache.
  func begin(_ trial: Trial, beside world: CacheTrial) async throws -> (Lookup, CacheTrial) {
    let policy = CachePolicy.checked(timeToLive: .milliseconds(cap), skew: .milliseconds(skew))
    let world = try await trial.cached(.checked(policy), beside: world)
    let now = world.clock.now
    let record = Record(
      kind: .session, digest: trial.digest(), revision: 1, createdAt: now - .milliseconds(age),
      expiresAt: life.map { now + .milliseconds($0) }, payload: [1])
    world.watch.rule { _, _ in .record(record) }
    _ = try await world.cache.load(record.id)
    return (record.id, world)
  }

  var description: String {
    "age \(age) ms, life \(life.map { "\($0) ms" } ?? "without end"), cap \(cap) ms, skew \(skew) ms"
  }
}
