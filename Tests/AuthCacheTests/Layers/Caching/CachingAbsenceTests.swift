import AuthCache
import AuthCacheConformance
import Testing

@Suite struct CachingAbsenceTests {
  @Test func `An absent client is remembered for two seconds, an absent session is not`() async throws {
    let world = CacheWorld()
    let (client, session) = (world.client(1), world.session(2))
    for _ in 0..<3 {
      #expect(try await world.cache.load(client.id) == nil)
      #expect(try await world.cache.load(session.id) == nil)
    }
    #expect(world.calls.loads == 1 + 3)
    #expect(world.cache.counts(of: .client).negativeHits == 2)
    #expect(world.cache.counts(of: .session).negativeHits == 0)
    try await world.store.store(client)
    world.clock.advance(by: .milliseconds(1_999))
    #expect(try await world.cache.load(client.id) == nil)
    world.clock.advance(by: .milliseconds(1))
    #expect(try await world.cache.load(client.id) == client)
  }

  @Test(arguments: ["store", "insert", "store(contentsOf:)"])
  func `A remembered absence is forgotten by a write of the record`(_ operation: String) async throws {
    let world = CacheWorld(sessions: CachePolicy(negativeTimeToLive: .seconds(60)))
    let session = world.session(1, accessToken: 2)
    let access = Lookup.accessToken(RecordSamples.digest(2))
    #expect(try await world.cache.load(session.id) == nil)
    #expect(try await world.cache.load(access) == nil)
    switch operation {
    case "store": try await world.cache.store(session)
    case "insert": #expect(try await world.cache.insert(session))
    default: try await world.cache.store(contentsOf: [session])
    }
    #expect(try await world.cache.load(access) == session)
    #expect(try await world.cache.load(session.id) == session)
  }

  @Test func `A replacement that moves the record to a new access token ends what was remembered of that`() async throws
  {
    let world = CacheWorld(sessions: CachePolicy(negativeTimeToLive: .seconds(60)))
    let session = world.session(1, accessToken: 2)
    try await world.cache.store(session)
    let next = session.replacing(revision: 9, aliases: Aliases(accessToken: RecordSamples.digest(3)))
    #expect(try await world.cache.load(.accessToken(RecordSamples.digest(3))) == nil)
    #expect(try await world.cache.replace(session, with: next))
    #expect(try await world.cache.load(.accessToken(RecordSamples.digest(3))) == next)
    #expect(try await world.cache.load(.accessToken(RecordSamples.digest(2))) == nil)
  }

  @Test func `An error is never remembered as an absence`() async throws {
    let world = CacheWorld(CachingConfiguration(clients: CachePolicy(negativeTimeToLive: .seconds(60))))
    let client = world.client(1)
    try await world.store.store(client)
    world.calls.before { call, _ throws(AuthCacheError) in throw .outage(call.operation) }
    for _ in 0..<3 {
      await #expect { _ = try await world.cache.load(client.id) } throws: {
        ($0 as? AuthCacheError)?.code == .unavailable
      }
    }
    world.calls.before(nil)
    #expect(try await world.cache.load(client.id) == client)
  }

  @Test func `A hundred thousand missing keys take no more room than the bound, and displace no record`() async throws {
    let world = CacheWorld(
      CachingConfiguration(clients: CachePolicy(capacity: 50, negativeTimeToLive: .seconds(60), negativeCapacity: 100)))
    let client = world.client(1)
    try await world.store.store(client)
    _ = try await world.cache.load(client.id)
    var generator = SeededGenerator(seed: 1)
    var missing: [Lookup] = []
    for _ in 0..<100_000 {
      let digest = RecordDigest(words: (generator.next(), generator.next(), generator.next(), generator.next()))
      let lookup = Lookup.id(.client, digest)
      #expect(try await world.cache.load(lookup) == nil)
      missing.append(lookup)
      if missing.count > 200 { missing.removeFirst(100) }
    }
    #expect(world.cache.rememberedCount(of: .client) == 100)
    let before = world.calls.loads
    for lookup in missing.suffix(100) { #expect(try await world.cache.load(lookup) == nil) }
    #expect(world.calls.loads == before, "the last hundred are remembered")
    #expect(try await world.cache.load(client.id) == client)
    #expect(world.calls.loads == before, "the record is still there")
    #expect(world.cache.cachedCount(of: .client) == 1)
  }
}
