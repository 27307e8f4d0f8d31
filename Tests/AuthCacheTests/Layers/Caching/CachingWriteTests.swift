import AuthCache
import AuthCacheConformance
import Testing

@Suite struct CachingWriteTests {
  /// A write through the cache, of the session with id 1, access token 2 and refresh token 3.
  struct Write: CustomTestStringConvertible {
    let testDescription: String
    /// Whether the answer is right.
    let run: @Sendable (CacheWorld, Record) async throws -> Bool

    init(_ name: String, _ run: @escaping @Sendable (CacheWorld, Record) async throws -> Bool) {
      testDescription = name
      self.run = run
    }
  }

  static let subject = Group.subject(RecordSamples.digest(60))
  private static let lookups: [Lookup] = [
    .id(.session, RecordSamples.digest(1)), .accessToken(RecordSamples.digest(2)),
    .refreshToken(RecordSamples.digest(3)),
  ]

  static let writes: [Write] =
    lookups.flatMap { lookup in
      [
        Write("remove by \(lookup.field)") { world, _ in try await world.cache.remove(lookup) },
        Write("consume by \(lookup.field)") { world, session in
          try await world.cache.consume(lookup) == session
        },
        Write("extend by \(lookup.field)") { world, session in
          try await world.cache.extend(lookup, to: world.now + .seconds(7_200))
        },
        Write("remove(contentsOf:) by \(lookup.field)") { world, _ in
          try await world.cache.remove(contentsOf: [lookup]) == [true]
        },
      ]
    } + [
      Write("store") { world, session in
        try await world.cache.store(session.replacing(revision: 2))
        return true
      },
      Write("store that takes the aliases away") { world, session in
        try await world.cache.store(session.replacing(revision: 2, aliases: Aliases.none))
        return true
      },
      Write("store(contentsOf:)") { world, session in
        try await world.cache.store(contentsOf: [session.replacing(revision: 2)])
        return true
      },
      Write("insert") { world, session in try await !world.cache.insert(session.replacing(revision: 2)) },
      Write("replace") { world, session in
        let next = session.replacing(revision: 2, aliases: Aliases(accessToken: RecordSamples.digest(9)))
        return try await world.cache.replace(session, with: next)
      },
      Write("removeAll(in:)") { world, _ in try await world.cache.removeAll(in: subject) == 1 },
    ]

  @Test(arguments: writes)
  func `After a write every lookup answers as the delegate does`(_ write: Write) async throws {
    let world = CacheWorld()
    let session = world.session(1, accessToken: 2, refreshToken: 3, groups: Groups(subject: RecordSamples.digest(60)))
    try await world.store.store(session)
    for lookup in Self.lookups { #expect(try await world.cache.load(lookup) == session) }
    #expect(try await write.run(world, session))
    let all = Self.lookups + [.accessToken(RecordSamples.digest(9))]
    for lookup in all { #expect(try await world.cache.load(lookup) == world.store.load(lookup), "by \(lookup.field)") }
    #expect(world.cache.counts.invalidations == 1)
  }

  @Test(arguments: writes)
  func `A write that fails leaves nothing cached of the record, and its error surfaces`(_ write: Write) async throws {
    let world = CacheWorld()
    let session = world.session(1, accessToken: 2, refreshToken: 3, groups: Groups(subject: RecordSamples.digest(60)))
    try await world.store.store(session)
    _ = try await world.cache.load(session.id)
    world.calls.before { call, _ throws(AuthCacheError) in throw .outage(call.operation) }
    await #expect { _ = try await write.run(world, session) } throws: { ($0 as? AuthCacheError)?.code == .unavailable }
    #expect(world.cache.cachedCount(of: .session) == 0)
    world.calls.before(nil)
    for lookup in Self.lookups { #expect(try await world.cache.load(lookup) == session) }
  }

  /// What another process did to a record is seen when its time is over, and so is what this one does to it under a token
  /// that it has never seen. By the id, or by consuming it, the record is known.
  @Test func `A token that another process gave is not known to belong to what is cached`() async throws {
    let (old, new) = (Lookup.accessToken(RecordSamples.digest(2)), Lookup.accessToken(RecordSamples.digest(4)))
    let writes: [@Sendable (CacheWorld) async throws -> Bool] = [
      { try await $0.cache.remove(new) }, { try await $0.cache.extend(new, to: $0.now + .seconds(7_200)) },
      { try await $0.cache.remove(.id(.session, RecordSamples.digest(1))) }, { try await $0.cache.consume(new) != nil },
    ]
    for (number, write) in writes.enumerated() {
      let world = CacheWorld()
      let session = world.session(1, accessToken: 2, refreshToken: 3)
      try await world.store.store(session)
      _ = try await world.cache.load(old)
      let next = session.replacing(
        revision: 2, aliases: Aliases(accessToken: RecordSamples.digest(4), refreshToken: RecordSamples.digest(5)))
      #expect(try await world.store.replace(session, with: next))
      #expect(try await write(world))
      let isKnown = number >= 2
      #expect(try await (world.cache.load(old) == nil) == isKnown, "write \(number)")
      world.clock.advance(by: .seconds(5))
      #expect(try await world.cache.load(old) == nil)
      #expect(try await world.cache.load(session.id) == world.store.load(session.id))
    }
  }

  @Test func `A write of one record leaves the others where they are`() async throws {
    let world = CacheWorld()
    let sessions = (1...20).map { world.session($0, accessToken: 100 + $0) }
    try await world.store.store(contentsOf: sessions)
    for session in sessions { _ = try await world.cache.load(session.id) }
    #expect(try await world.cache.remove(sessions[7].id))
    let before = world.calls.loads
    for session in sessions where session != sessions[7] { #expect(try await world.cache.load(session.id) == session) }
    #expect(world.calls.loads == before)
    #expect(try await world.cache.load(sessions[7].id) == nil)
  }

  @Test func `Each failing call of the delegate reaches its caller, and the cache answers as the delegate afterwards`()
    async throws
  {
    let script: [@Sendable (CacheWorld, Record) async throws -> Void] = [
      { world, session in try await world.cache.store(session) },
      { world, session in _ = try await world.cache.load(session.id) },
      { world, session in _ = try await world.cache.load(.accessToken(RecordSamples.digest(2))) },
      { world, session in _ = try await world.cache.extend(session.id, to: world.now + .seconds(9_000)) },
      { world, session in _ = try await world.cache.load(contentsOf: [session.id]) },
      { world, session in _ = try await world.cache.replace(session, with: session.replacing(revision: 5)) },
      { world, session in _ = try await world.cache.load(session.id) },
      { world, session in _ = try await world.cache.remove(session.id) },
      { world, session in _ = try await world.cache.load(session.id) },
      { world, session in _ = try await world.cache.insert(session) },
      { world, session in _ = try await world.cache.removeAll(in: Self.subject) },
    ]
    var failedCalls = 0
    for failing in 1...20 {
      let world = CacheWorld(sessions: CachePolicy(negativeTimeToLive: .seconds(2)))
      let session = world.session(
        1, accessToken: 2, refreshToken: 3, groups: Groups(subject: RecordSamples.digest(60)))
      world.calls.before { call, number throws(AuthCacheError) in
        if number == failing { throw .outage(call.operation) }
      }
      var errors = 0
      for step in script {
        do { try await step(world, session) } catch let error as AuthCacheError {
          #expect(error.code == .unavailable)
          errors += 1
        }
        // Beside the cache, so as not to count.
        let lookup = session.id
        let expected = try await world.store.load(lookup)
        let cached = try? await world.cache.load(lookup)
        if let cached { #expect(cached == expected) }
      }
      failedCalls += errors
    }
    #expect(failedCalls > 5)
  }
}
