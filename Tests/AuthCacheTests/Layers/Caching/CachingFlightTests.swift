import AuthCacheConformance
import Testing

@testable import AuthCache

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

  @Test func `One who waits gets nothing that has ended meanwhile, by the cache's own clock`() async throws {
    let world = CacheWorld()
    let clock = VirtualClock(startingAt: world.now)
    let cache = CachingBackend(over: world.delegate, clock: clock, logger: .silent)
    let session = world.session(1, life: .seconds(10))
    try await world.store.store(session)
    let door = Door()
    world.calls.before { _, _ in await door.pass() }
    async let leader = cache.load(session.id)
    while world.calls.loads == 0 { await Task.yield() }
    async let follower = cache.load(session.id)
    while cache.counts.misses < 2 { await Task.yield() }
    clock.advance(by: .seconds(10))
    door.open()
    _ = try await leader
    #expect(try await follower == nil)
    #expect(world.calls.loads == 1)
  }

  @Test func `A thousand who wait for a delegate that is down do not fall upon it all at once`() async throws {
    let world = CacheWorld()
    let (inside, most) = (Collected(0), Collected(0))
    let outcomes = try await race(world, followers: 999) { call, _ throws(AuthCacheError) in
      inside.change { $0 += 1 }
      most.change { $0 = max($0, inside.value) }
      for _ in 0..<20 { await Task.yield() }
      inside.change { $0 -= 1 }
      throw .outage(call.operation)
    }
    #expect(outcomes.followers.allSatisfy { $0 == .failure(.outage(.load)) })
    #expect(world.calls.loads == 1_000, "each hears it from a call of its own")
    #expect(most.value <= 32, "\(most.value) at once")
    world.calls.before(nil)
    #expect(try await world.cache.load(.id(.session, RecordSamples.digest(1))) == nil)
  }

  @Test func `When the delegate is back the first who asks serves all who still wait`() async throws {
    let world = CacheWorld()
    let session = world.session(1)
    try await world.store.store(session)
    let outcomes = try await race(world, followers: 999) { call, number throws(AuthCacheError) in
      for _ in 0..<20 { await Task.yield() }
      if number <= 40 { throw .outage(call.operation) }
    }
    let all = outcomes.followers + [outcomes.leader]
    #expect(all.count { $0 == .failure(.outage(.load)) } == 40, "each failure is one caller's")
    #expect(all.count { $0 == .success(session) } == 960)
    // How many pass while the first answer is on its way to the others depends on the threads; a thousand never do.
    #expect(world.calls.loads <= 40 + 10 * 32, "\(world.calls.loads) calls")
  }

  @Test func `A cancelled caller leaves the queue of those who ask by themselves`() async throws {
    let turnstile = Turnstile(width: 1)
    let lookup = Lookup.id(.session, RecordSamples.digest(1))
    #expect(await turnstile.enter(lookup))
    #expect(await turnstile.enter(.id(.client, RecordSamples.digest(1))), "another key waits for nobody")
    let waiting = Task { await turnstile.enter(lookup) }
    for _ in 0..<100 { await Task.yield() }
    let next = Task { await turnstile.enter(lookup) }
    for _ in 0..<100 { await Task.yield() }
    waiting.cancel()
    #expect(await !waiting.value)
    turnstile.leave(lookup)
    #expect(await next.value)
    turnstile.leave(lookup)
    #expect(await turnstile.enter(lookup))
  }

  @Test func `A hundred bulk reads of the same cold keys make one call`() async throws {
    let world = CacheWorld()
    let sessions = (0..<8).map { world.session($0) }
    try await world.store.store(contentsOf: sessions)
    let lookups = sessions.map(\.id) + [sessions[3].id, .id(.session, RecordSamples.digest(99))]
    let expected = sessions + [sessions[3], nil]
    let door = Door()
    world.calls.before { _, _ in await door.pass() }
    let right = try await withThrowingTaskGroup(of: Bool.self) { group in
      for number in 0..<100 {
        group.addTask {
          if number.isMultiple(of: 2) { return try await world.cache.load(contentsOf: lookups) == expected }
          let reversed = try await world.cache.load(contentsOf: lookups.reversed())
          return reversed == expected.reversed()
        }
      }
      while world.cache.counts.misses < 1_000 { await Task.yield() }
      door.open()
      return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(right == 100)
    // Whoever comes first asks for what nobody asks for yet: two orders, one call unless both began at once.
    #expect(world.calls[.loadContents] <= 9, "\(world.calls[.loadContents]) calls")
    #expect(world.cache.counts.loads == 9, "each key was asked for once")
  }

  @Test func `A bulk read that fails or is cancelled fails nobody who waits for it`() async throws {
    for code in [AuthCacheError.Code.unavailable, .cancelled] {
      let world = CacheWorld()
      let sessions = (0..<4).map { world.session($0) }
      try await world.store.store(contentsOf: sessions)
      let door = Door()
      world.calls.before { call, number throws(AuthCacheError) in
        guard number == 1 else { return }
        await door.pass()
        throw AuthCacheError(code, operation: call.operation, "out of order")
      }
      let leader = Task { try await world.cache.load(contentsOf: sessions.map(\.id)) }
      while world.calls[.loadContents] == 0 { await Task.yield() }
      async let single = world.cache.load(sessions[1].id)
      async let bulk = world.cache.load(contentsOf: [sessions[2].id, sessions[3].id])
      while world.cache.counts.misses < 7 { await Task.yield() }
      door.open()
      await #expect { _ = try await leader.value } throws: { ($0 as? AuthCacheError)?.code == code }
      #expect(try await single == sessions[1])
      #expect(try await bulk == [sessions[2], sessions[3]])
    }
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
