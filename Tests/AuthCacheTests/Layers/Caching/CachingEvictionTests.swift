import AuthCache
import Testing

@Suite struct CachingEvictionTests {
  /// Loads in this order into a cache of three, and what is left then.
  struct Row: CustomTestStringConvertible {
    let eviction: CachePolicy.Eviction
    let name: String
    let loads: [UInt64]
    let left: Set<UInt64>
    var testDescription: String { "\(name) after \(loads)" }
  }

  static let rows: [Row] =
    [
      ([1, 2, 3, 4], [2, 3, 4]),
      ([1, 2, 3, 1, 4], [1, 3, 4]),
      ([1, 2, 3, 1, 2, 4], [1, 2, 4]),
      ([1, 2, 3, 3, 2, 1, 4, 5], [1, 4, 5]),
      ([1, 2, 3, 1, 1, 1, 2, 3, 4], [2, 3, 4]),
    ].map { Row(eviction: .leastRecentlyUsed, name: "LRU", loads: $0, left: $1) }
    + [
      ([1, 2, 3, 4], [2, 3, 4]),
      ([1, 2, 3, 1, 4], [1, 3, 4]),
      ([1, 1, 2, 2, 3, 4, 5], [1, 2, 5]),
      ([1, 1, 1, 2, 2, 3, 3, 4], [1, 3, 4]),
      ([1, 1, 1, 2, 3, 4, 4, 5, 6], [1, 4, 6]),
    ].map { Row(eviction: .leastFrequentlyUsed, name: "LFU", loads: $0, left: $1) }

  @Test(arguments: rows)
  func `The victims of LRU and LFU follow from the reads`(_ row: Row) async throws {
    let world = CacheWorld(
      sessions: CachePolicy(capacity: 3, timeToLive: .seconds(60), eviction: row.eviction))
    for number in 1...6 { try await world.store.store(world.session(UInt64(number))) }
    for number in row.loads { _ = try await world.cache.load(.id(.session, RecordSamples.digest(number))) }
    #expect(try await left(in: world, of: 1...6) == row.left)
    #expect(world.cache.counts.evictions == Set(row.loads).count - 3)
  }

  @Test(
    arguments: [CachePolicy.Eviction.tinyLFU, .leastRecentlyUsed, .leastFrequentlyUsed].indices, [1, 2, 7, 64, 250])
  func `The capacity is never exceeded, and a full cache stays full`(_ index: Int, _ capacity: Int) async throws {
    let eviction = [CachePolicy.Eviction.tinyLFU, .leastRecentlyUsed, .leastFrequentlyUsed][index]
    let world = CacheWorld(
      sessions: CachePolicy(capacity: capacity, timeToLive: .seconds(60), eviction: eviction))
    try await world.store.store(contentsOf: (0..<500).map { world.session($0) })
    var generator = SeededGenerator(seed: UInt64(capacity))
    var most = 0
    for _ in 0..<5_000 {
      let number = UInt64(min(generator.below(500), generator.below(500)))
      let lookup = Lookup.id(.session, RecordSamples.digest(number))
      if generator.chance(50) {
        _ = try await world.cache.remove(lookup)
        try await world.cache.store(world.session(number))
      } else {
        #expect(try await world.cache.load(lookup)?.digest == lookup.digest)
      }
      let count = world.cache.cachedCount(of: .session)
      #expect(count <= capacity)
      most = max(most, count)
    }
    #expect(most == capacity)
    let counts = world.cache.counts
    #expect(counts.loads == counts.misses)
    #expect(counts.loads == counts.evictions + counts.invalidations + world.cache.cachedCount(of: .session))
  }

  @Test func `A scan does not wash out what is read often`() async throws {
    let world = CacheWorld(sessions: CachePolicy(capacity: 100, timeToLive: .seconds(600)))
    try await world.store.store(contentsOf: (0..<2_000).map { world.session($0) })
    for _ in 0..<10 { for number in 0..<80 { try await read(UInt64(number), world) } }
    for number in 1_000..<2_000 { try await read(UInt64(number), world) }
    let before = world.calls.loads
    for number in 0..<80 { try await read(UInt64(number), world) }
    #expect(world.calls.loads - before <= 8, "\(world.calls.loads - before) of 80 were washed out")
  }

  @Test func `A policy of one's own decides`() async throws {
    let world = CacheWorld(
      sessions: CachePolicy(
        capacity: 3, timeToLive: .seconds(60), eviction: CachePolicy.Eviction { _ in LastInFirstOut() }))
    for number in 1...6 { try await world.store.store(world.session(UInt64(number))) }
    for number in [1, 2, 3, 4, 5, 6] as [UInt64] { try await read(number, world) }
    #expect(try await left(in: world, of: 1...6) == [1, 2, 6])
  }

  private func read(_ number: UInt64, _ world: CacheWorld) async throws {
    _ = try await world.cache.load(.id(.session, RecordSamples.digest(number)))
  }

  /// Looks without changing who is there: a removal from the store shows who is served nevertheless.
  private func left(in world: CacheWorld, of numbers: ClosedRange<UInt64>) async throws -> Set<UInt64> {
    var left: Set<UInt64> = []
    for number in numbers { _ = try await world.store.remove(.id(.session, RecordSamples.digest(number))) }
    for number in numbers
    where try await world.cache.load(.id(.session, RecordSamples.digest(number))) != nil { left.insert(number) }
    return left
  }
}

private struct LastInFirstOut: EvictionPolicy {
  private var places: [Int] = []

  mutating func insert(_ place: Int, hash: UInt64, usage: CacheUsage) { places.append(place) }
  mutating func remove(_ place: Int, usage: CacheUsage) { places.removeAll { $0 == place } }
  mutating func victim(for hash: UInt64, usage: CacheUsage) -> Int { places[places.count - 1] }

  @Test func `A record that comes by its id and by its token at once takes one place`() async throws {
    let world = CacheWorld(sessions: CachePolicy(capacity: 5, timeToLive: .seconds(60)))
    let sessions = (1...4).map { world.session($0, accessToken: $0 + 100) }
    for session in sessions {
      try await world.store.store(session)
      let (door, before) = (Door(), world.calls.loads)
      world.calls.before { _, _ in await door.pass() }
      async let byID = world.cache.load(session.id)
      async let byToken = world.cache.load(session.lookups[1])
      while world.calls.loads < before + 2 { await Task.yield() }
      door.open()
      #expect(try await [byID, byToken] == [session, session])
    }
    world.calls.before(nil)
    #expect(world.cache.cachedCount(of: .session) == 4)
    for session in sessions { #expect(try await world.cache.load(session.id) == session) }
    #expect(world.calls.loads == 8, "all four are still there")
    #expect(world.cache.counts(of: .session).evictions == 0)
  }
}
