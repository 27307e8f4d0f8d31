import AuthCache
import Testing

@Suite struct CachingTimeTests {
  /// What is written in the store behind the cache's back shows after exactly this long.
  struct Row: CustomTestStringConvertible {
    let rule: String
    let kind: RecordKind
    let life: Duration?
    let policy: CachePolicy
    /// How long the record is served without asking; zero if it is not cached at all.
    let served: Duration
    var testDescription: String { rule }
  }

  static let rows: [Row] = [
    Row(
      rule: "a session 5 s less 1 s of skew", kind: .session, life: .seconds(3_600), policy: CachePolicy(),
      served: .seconds(4)),
    Row(
      rule: "a client 5 min less 1 s", kind: .client, life: nil, policy: CachePolicy(), served: .seconds(299)),
    Row(
      rule: "the cap that was chosen", kind: .session, life: .seconds(3_600),
      policy: CachePolicy(timeToLive: .seconds(30)), served: .seconds(29)),
    Row(
      rule: "no skew", kind: .session, life: .seconds(3_600),
      policy: CachePolicy(timeToLive: .seconds(30), skew: .zero), served: .seconds(30)),
    Row(
      rule: "remaining life below the cap", kind: .session, life: .seconds(10),
      policy: CachePolicy(timeToLive: .seconds(30), skew: .seconds(2)), served: .seconds(8)),
    Row(
      rule: "remaining life as long as the skew: not cached", kind: .session, life: .seconds(2),
      policy: CachePolicy(timeToLive: .seconds(30), skew: .seconds(2)), served: .zero),
    Row(
      rule: "one millisecond more than the skew", kind: .session, life: .milliseconds(2_001),
      policy: CachePolicy(timeToLive: .seconds(30), skew: .seconds(2)), served: .milliseconds(1)),
    Row(
      rule: "a cap below the skew: not cached", kind: .session, life: .seconds(3_600),
      policy: CachePolicy(timeToLive: .milliseconds(500)), served: .zero),
    Row(
      rule: "never expiring: the cap", kind: .client, life: nil,
      policy: CachePolicy(timeToLive: .seconds(20), skew: .zero), served: .seconds(20)),
    Row(
      rule: "no capacity: not cached", kind: .session, life: .seconds(3_600), policy: CachePolicy(capacity: 0),
      served: .zero),
  ]

  @Test(arguments: rows)
  func `A record stays for the lesser of its remaining life and the cap, less the skew`(_ row: Row) async throws {
    let world = CacheWorld(
      row.kind == .client
        ? CachingConfiguration(clients: row.policy) : CachingConfiguration(sessions: row.policy))
    let record = RecordSamples.record(1, kind: row.kind, expiresAt: row.life.map { world.now + $0 })
    try await world.store.store(record)
    #expect(try await world.cache.load(record.id) == record)
    if row.served > .zero {
      world.clock.advance(by: row.served - .milliseconds(1))
      #expect(try await world.cache.load(record.id) == record)
      #expect(world.calls.loads == 1, "asked too early")
      world.clock.advance(by: .milliseconds(1))
    }
    _ = try await world.cache.load(record.id)
    #expect(world.calls.loads == 2, "served too long")
  }

  @Test func `A record that is read again from the delegate stays for what is left of its life then`() async throws {
    let world = CacheWorld(sessions: CachePolicy(timeToLive: .seconds(60), skew: .zero))
    let session = world.session(1, life: .seconds(100))
    try await world.store.store(session)
    _ = try await world.cache.load(session.id)
    world.clock.advance(by: .seconds(60))
    #expect(try await world.cache.load(session.id) == session)
    world.clock.advance(by: .seconds(39))
    #expect(try await world.cache.load(session.id) == session)
    #expect(world.calls.loads == 2)
    world.clock.advance(by: .seconds(1))
    #expect(try await world.cache.load(session.id) == nil)
  }

  @Test func `The time that the delegate took to answer counts`() async throws {
    let world = CacheWorld(sessions: CachePolicy(timeToLive: .seconds(10), skew: .zero))
    let session = world.session(1)
    try await world.store.store(session)
    let clock = world.clock
    world.calls.before { _, _ in clock.advance(by: .seconds(4)) }
    _ = try await world.cache.load(session.id)
    world.calls.before(nil)
    world.clock.advance(by: .milliseconds(5_999))
    _ = try await world.cache.load(session.id)
    #expect(world.calls.loads == 1)
    world.clock.advance(by: .milliseconds(1))
    _ = try await world.cache.load(session.id)
    #expect(world.calls.loads == 2)
  }

  @Test func `A record that is not read leaves after the idle time, and each read begins it anew`() async throws {
    let world = CacheWorld(sessions: CachePolicy(timeToLive: .seconds(100), timeToIdle: .seconds(10)))
    let session = world.session(1)
    try await world.store.store(session)
    _ = try await world.cache.load(session.id)
    for _ in 0..<5 {
      world.clock.advance(by: .milliseconds(9_999))
      _ = try await world.cache.load(session.id)
    }
    #expect(world.calls.loads == 1)
    world.clock.advance(by: .seconds(10))
    _ = try await world.cache.load(session.id)
    #expect(world.calls.loads == 2)
  }

  @Test func `Reading a record does not keep it beyond its time to live`() async throws {
    let world = CacheWorld(sessions: CachePolicy(timeToLive: .seconds(20), timeToIdle: .seconds(10), skew: .zero))
    let session = world.session(1)
    try await world.store.store(session)
    for _ in 0..<20 {
      _ = try await world.cache.load(session.id)
      world.clock.advance(by: .seconds(1))
    }
    #expect(world.calls.loads == 1)
    _ = try await world.cache.load(session.id)
    #expect(world.calls.loads == 2)
  }

  @Test func `What is over leaves the cache without a read of it, and is no eviction`() async throws {
    let world = CacheWorld(sessions: CachePolicy(capacity: 100, timeToLive: .seconds(10), skew: .zero))
    for number in 0..<60 {
      try await world.store.store(world.session(UInt64(number)))
      _ = try await world.cache.load(.id(.session, RecordSamples.digest(UInt64(number))))
    }
    #expect(world.cache.cachedCount(of: .session) == 60)
    world.clock.advance(by: .seconds(11))
    try await world.store.store(world.session(60))
    _ = try await world.cache.load(.id(.session, RecordSamples.digest(60)))
    #expect(world.cache.cachedCount(of: .session) == 1)
    let counts = world.cache.counts
    #expect(counts.expirations == 60 && counts.evictions == 0 && counts.invalidations == 0)
  }
}
