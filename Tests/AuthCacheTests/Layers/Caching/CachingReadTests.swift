import AuthCache
import AuthCacheConformance
import Testing

@Suite struct CachingReadTests {
  @Test func `A record that was read is served from the cache under its id and its access token`() async throws {
    let world = CacheWorld()
    let session = world.session(1, accessToken: 2, refreshToken: 3)
    try await world.store.store(session)
    #expect(try await world.cache.load(session.id) == session)
    for _ in 0..<3 {
      #expect(try await world.cache.load(session.id) == session)
      #expect(try await world.cache.load(.accessToken(RecordSamples.digest(2))) == session)
    }
    #expect(world.calls.loads == 1)
    let counts = world.cache.counts(of: .session)
    #expect(counts.hits == 6 && counts.misses == 1 && counts.loads == 1 && counts.requests == 7)
  }

  @Test func `A record that was read by access token is served by id`() async throws {
    let world = CacheWorld()
    let session = world.session(1, accessToken: 2)
    try await world.store.store(session)
    #expect(try await world.cache.load(.accessToken(RecordSamples.digest(2))) == session)
    #expect(try await world.cache.load(session.id) == session)
    #expect(world.calls.loads == 1)
  }

  @Test func `A lookup by refresh token is never served from the cache`() async throws {
    let world = CacheWorld()
    let session = world.session(1, refreshToken: 3)
    try await world.store.store(session)
    _ = try await world.cache.load(session.id)
    for _ in 0..<3 { #expect(try await world.cache.load(.refreshToken(RecordSamples.digest(3))) == session) }
    #expect(world.calls.loads == 4)
    #expect(world.cache.counts.requests == 1)
  }

  @Test(arguments: [RecordKind.state, .verifier, .code, .spentRefresh])
  func `A kind that is used once is never cached, whatever is configured`(_ kind: RecordKind) async throws {
    let world = CacheWorld(CachingConfiguration(others: [kind: CachePolicy()]))
    let record = RecordSamples.record(1, kind: kind, expiresAt: world.now + .seconds(600))
    try await world.store.store(record)
    for _ in 0..<3 { #expect(try await world.cache.load(record.id) == record) }
    #expect(world.calls.loads == 3)
    #expect(world.cache.counts == CacheCounts())
  }

  @Test func `A kind of one's own is cached if it has a policy, and else not`() async throws {
    for (policies, loads): ([RecordKind: CachePolicy], Int) in [([:], 3), (["device": CachePolicy()], 1)] {
      let world = CacheWorld(CachingConfiguration(others: policies))
      let record = RecordSamples.record(1, kind: "device", expiresAt: world.now + .seconds(600))
      try await world.store.store(record)
      for _ in 0..<3 { #expect(try await world.cache.load(record.id) == record) }
      #expect(world.calls.loads == loads)
    }
  }

  @Test func `Disabled, the cache passes everything through and counts nothing`() async throws {
    let world = CacheWorld(.disabled)
    let session = world.session(1)
    try await world.cache.store(session)
    for _ in 0..<3 { #expect(try await world.cache.load(session.id) == session) }
    #expect(world.calls.loads == 3)
    #expect(world.cache.counts == CacheCounts())
    #expect(world.cache.properties == world.store.properties)
  }

  @Test func `A cache declares how stale a read may be, and otherwise what its delegate declares`() {
    let world = CacheWorld(CachingConfiguration(sessions: CachePolicy(timeToLive: .seconds(7)), clients: .disabled))
    var expected = world.store.properties
    expected.consistency = .stale(.seconds(7))
    #expect(world.cache.properties == expected)
  }

  @Test func `A cache can do what its delegate can, and nothing more`() {
    let world = CacheWorld()
    #expect(Capability.all(of: world.cache) == [.bulk, .group, .listing, .invalidation])
    #expect(Capability.all(of: CachingBackend(over: NarrowBackend(delegate: world.store))) == [])
  }

  @Test func `The same digest under two kinds is two records`() async throws {
    let world = CacheWorld()
    let (session, client) = (world.session(1), world.client(1))
    try await world.store.store(session)
    try await world.store.store(client)
    for _ in 0..<2 {
      #expect(try await world.cache.load(session.id) == session)
      #expect(try await world.cache.load(client.id) == client)
    }
  }

  @Test func `The digest of an access token is no id`() async throws {
    let world = CacheWorld()
    let session = world.session(1, accessToken: 2)
    try await world.store.store(session)
    _ = try await world.cache.load(session.id)
    #expect(try await world.cache.load(.id(.session, RecordSamples.digest(2))) == nil)
    #expect(try await world.cache.load(.accessToken(RecordSamples.digest(1))) == nil)
  }

  @Test func `A bulk load asks the delegate for what the cache does not know, in one call, and keeps it`() async throws
  {
    let world = CacheWorld()
    let sessions = (0..<10).map { world.session($0, accessToken: 100 + $0, refreshToken: 200 + $0) }
    try await world.store.store(contentsOf: sessions)
    for session in sessions.prefix(5) { _ = try await world.cache.load(session.id) }
    let lookups = sessions.map(\.id) + [.id(.session, RecordSamples.digest(50))] + [sessions[0].id]
    for _ in 0..<2 {
      #expect(try await world.cache.load(contentsOf: lookups) == sessions + [nil, sessions[0]])
    }
    #expect(world.calls[.loadContents] == 2)
    let counts = world.cache.counts
    #expect(counts.hits == 6 + 11)
    #expect(counts.misses == 5 + 6 + 1)
  }

  @Test func `A closed cache says so, also of what it had`() async throws {
    let world = CacheWorld()
    let session = world.session(1)
    try await world.cache.store(session)
    _ = try await world.cache.load(session.id)
    try await world.cache.close()
    await #expect { _ = try await world.cache.load(session.id) } throws: { ($0 as? AuthCacheError)?.code == .closed }
    await #expect { _ = try await world.cache.load(contentsOf: [session.id]) } throws: {
      ($0 as? AuthCacheError)?.code == .closed
    }
    #expect(world.calls[.close] == 1)
    #expect(world.cache.cachedCount(of: .session) == 0)
  }
}
