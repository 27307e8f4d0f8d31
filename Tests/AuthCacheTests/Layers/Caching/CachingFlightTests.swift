import AuthCache
import AuthCacheConformance
import Testing

@Suite struct CachingFlightTests {
  @Test func `A thousand callers on a cold key make one call, and all get its answer`() async throws {
    let world = CacheWorld()
    let session = world.session(1)
    try await world.store.store(session)
    let door = Door()
    world.calls.before { _, _ in await door.pass() }
    let found = try await withThrowingTaskGroup(of: Record?.self) { group in
      for _ in 0..<1_000 {
        group.addTask { try await world.cache.load(session.id) }
      }
      while world.cache.counts.misses < 1_000 { await Task.yield() }
      door.open()
      return try await group.reduce(into: 0) { $0 += $1 == session ? 1 : 0 }
    }
    #expect(found == 1_000)
    #expect(world.calls.loads == 1)
    let counts = world.cache.counts
    #expect(counts.requests == 1_000 && counts.loads == 1)
  }

  @Test func `A delegate that hangs on one key holds up no other`() async throws {
    let world = CacheWorld()
    let sessions = (0..<64).map { world.session($0) }
    try await world.store.store(contentsOf: sessions)
    let door = Door()
    let hanging = sessions[5].id
    world.calls.before { call, _ in if case .load(hanging) = call { await door.pass() } }
    async let slow = world.cache.load(hanging)
    while world.calls.loads == 0 { await Task.yield() }
    for session in sessions where session.id != hanging {
      #expect(try await world.cache.load(session.id) == session)
      #expect(try await world.cache.remove(session.id))
    }
    door.open()
    #expect(try await slow == sessions[5])
  }

  @Test func `The failure of the one who asks is not that of the others`() async throws {
    let world = CacheWorld()
    let session = world.session(1)
    try await world.store.store(session)
    let outcomes = try await race(world, followers: 50) { call, number throws(AuthCacheError) in
      if number == 1 { throw .outage(call.operation) }
    }
    #expect(outcomes.leader == .failure(.outage(.load)))
    #expect(outcomes.followers.allSatisfy { $0 == .success(session) })
    #expect(world.calls.loads == 2)
  }

  @Test func `While the delegate fails everybody hears of it, from a call made for them`() async throws {
    let world = CacheWorld()
    try await world.store.store(world.session(1))
    let outcomes = try await race(world, followers: 20) { call, _ throws(AuthCacheError) in
      throw .outage(call.operation)
    }
    #expect(outcomes.followers.allSatisfy { $0 == .failure(.outage(.load)) })
    world.calls.before(nil)
    #expect(try await world.cache.load(.id(.session, RecordSamples.digest(1))) != nil)
  }

  @Test func `When the one who asks is cancelled another one asks`() async throws {
    let world = CacheWorld()
    let session = world.session(1)
    try await world.store.store(session)
    let outcomes = try await race(world, followers: 50, cancellingLeader: true) { call, number throws(AuthCacheError) in
      if number == 1 {
        while !Task.isCancelled { await Task.yield() }
        throw AuthCacheError(.cancelled, operation: call.operation, "cancelled")
      }
    }
    #expect(outcomes.leader != .success(session))
    #expect(outcomes.followers.allSatisfy { $0 == .success(session) })
    #expect(world.calls.loads == 2)
  }

  @Test func `One who waits and is cancelled goes at once, and the others stay`() async throws {
    let world = CacheWorld()
    let session = world.session(1)
    try await world.store.store(session)
    let door = Door()
    world.calls.before { _, _ in await door.pass() }
    async let leader = world.cache.load(session.id)
    while world.calls.loads == 0 { await Task.yield() }
    let follower = Task { try await world.cache.load(session.id) }
    async let other = world.cache.load(session.id)
    while world.cache.counts.misses < 3 { await Task.yield() }
    follower.cancel()
    await #expect { _ = try await follower.value } throws: {
      ($0 as? AuthCacheError)?.code == .cancelled && ($0 as? AuthCacheError)?.effect == AuthCacheError.Effect.none
    }
    door.open()
    #expect(try await leader == session)
    #expect(try await other == session)
    #expect(world.calls.loads == 1)
  }

  @Test func `A record that is not cached for the rest of its life is still loaded once for all who wait`() async throws
  {
    let world = CacheWorld()
    let session = world.session(1, life: .milliseconds(500))
    try await world.store.store(session)
    let outcomes = try await race(world, followers: 20) { _, _ in }
    #expect(outcomes.followers.allSatisfy { $0 == .success(session) })
    #expect(world.calls.loads == 1)
    #expect(world.cache.cachedCount(of: .session) == 0)
  }

  private struct Outcomes: Sendable {
    let leader: Result<Record?, AuthCacheError>
    let followers: [Result<Record?, AuthCacheError>]
  }

  /// One caller asks; the others come while its call is on its way, which then goes as `hook` says.
  private func race(
    _ world: CacheWorld, followers count: Int, cancellingLeader: Bool = false, _ hook: @escaping CallWatch.Hook
  ) async throws -> Outcomes {
    let door = Door()
    world.calls.before { call, number throws(AuthCacheError) in
      if number == 1 { await door.pass() }
      try await hook(call, number)
    }
    @Sendable func load() async -> Result<Record?, AuthCacheError> {
      do throws(AuthCacheError) {
        return .success(try await world.cache.load(.id(.session, RecordSamples.digest(1))))
      } catch { return .failure(error) }
    }
    let leader = Task { await load() }
    while world.calls.loads == 0 { await Task.yield() }
    let followers = await withTaskGroup(of: Result<Record?, AuthCacheError>.self) { group in
      for _ in 0..<count { group.addTask { await load() } }
      while world.cache.counts.misses < count + 1 { await Task.yield() }
      // Counted just before it waits.
      for _ in 0..<1_000 { await Task.yield() }
      door.open()
      if cancellingLeader { leader.cancel() }
      return await group.reduce(into: []) { $0.append($1) }
    }
    return Outcomes(leader: await leader.value, followers: followers)
  }
}
