internal import AuthCache
internal import Synchronization

/// A cache over what the subject has under its own, a clock for the cache alone, and a look at every call that the cache
/// makes.
struct CacheTrial: Sendable {
  let cache: any CachingLayer
  /// What the cache stands over, past the cache.
  let store: any AuthCacheBackend
  let watch: StoreWatch
  /// What the cache measures by. Starts where the store's stands, and moves only when it is told to.
  let clock: VirtualClock
  /// The tasks that the cache started.
  let tasks: CountedTasks

  /// How many calls `body` makes the cache send for reading.
  func asked(_ body: () async throws -> Void) async throws -> Int {
    let before = watch.reads
    try await body()
    return watch.reads - before
  }

  /// How often the store is asked when `lookup` is loaded now.
  func asked(for lookup: Lookup) async throws -> Int {
    try await asked { _ = try await cache.load(lookup) }
  }

  /// Whether the cache answers `lookup` by itself, found out without letting anything in.
  func isRemembered(_ lookup: Lookup) async -> Bool {
    watch.rule { call, _ throws(AuthCacheError) in
      throw AuthCacheError(.unavailable, operation: call.operation, "the check lets nobody through")
    }
    defer { watch.rule(nil) }
    do {
      _ = try await cache.load(lookup)
      return true
    } catch { return false }
  }
}

extension Trial {
  /// Puts a cache over what the subject has under its own cache, or over the whole subject if the factory makes its own.
  ///
  /// - Parameter world: Whose store it is put over; over a new handle if left out.
  func cached(
    _ configuration: CachingConfiguration = .checked(), source: InvalidationSource? = nil,
    beside world: CacheTrial? = nil
  ) async throws -> CacheTrial {
    let store: any AuthCacheBackend
    if let world { store = world.store } else { store = try await openBelowCache() }
    let (watch, clock, tasks) = (StoreWatch(), VirtualClock(startingAt: now), CountedTasks())
    let parts = LayerFactories.CacheParts(
      delegate: store.intercepted(by: watch), configuration: configuration, source: source, clock: clock,
      spawner: tasks)
    let cache = try makeCache(parts)
    state.withLock { $0.handles.append(cache) }
    return CacheTrial(
      cache: cache.traced(by: TraceInterceptor(trace: trace, handle: "")),
      store: store.intercepted(by: TraceInterceptor(trace: trace, handle: "past the cache")), watch: watch,
      clock: clock, tasks: tasks)
  }

  /// The subject's cache of these parts. Ends the check as not declared where it does not offer what they ask for.
  func makeCache(_ parts: LayerFactories.CacheParts) throws -> any CachingLayer {
    do { return try subject.factory.layers.cache(parts) } catch {
      guard let error = error as? AuthCacheError, error.code == .unsupported else { throw error }
      throw NotOffered(reason: error.reason)
    }
  }

  /// Lets others run until `condition` holds.
  ///
  /// - Returns: false if it does not within a few seconds.
  func soon(_ condition: () -> Bool) async -> Bool {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(8) * CheckRun.pace
    while !condition() {
      if Task.isCancelled || clock.now > end { return false }
      await Task.yield()
    }
    return true
  }

  /// Lets others run for a while: what is going to happen by itself happens.
  func letOthersRun() async { for _ in 0..<100 { await Task.yield() } }

  /// Records a breach where the cache answers something else than what it stands over.
  func expectAgreement(
    of world: CacheTrial, about lookups: some Sequence<Lookup>, _ circumstances: @autoclosure () -> String,
    file: StaticString = #fileID, line: UInt = #line
  ) async throws {
    for lookup in lookups {
      let stored = try await world.store.load(lookup)
      expect(
        try await world.cache.load(lookup), equals: stored, "\(lookup) \(circumstances())", file: file, line: line)
    }
  }
}

extension CachingConfiguration {
  /// One policy for sessions, clients, and every kind that must not be cached all the same.
  static func checked(_ policy: CachePolicy = .checked()) -> CachingConfiguration {
    CachingConfiguration(
      sessions: policy, clients: policy,
      others: Dictionary(uniqueKeysWithValues: CacheTrial.oneTimeKinds.map { ($0, policy) }))
  }
}

extension CachePolicy {
  /// Everything that can be remembered is, for a round time.
  static func checked(
    capacity: Int = 100, timeToLive: Duration = .seconds(60), timeToIdle: Duration? = nil,
    negative: Duration? = .seconds(20), negativeCapacity: Int = 100, skew: Duration = .zero,
    eviction: Eviction = .tinyLFU
  ) -> CachePolicy {
    CachePolicy(
      capacity: capacity, timeToLive: timeToLive, timeToIdle: timeToIdle, negativeTimeToLive: negative,
      negativeCapacity: negativeCapacity, skew: skew, eviction: eviction)
  }
}

extension CacheTrial {
  static let oneTimeKinds: [RecordKind] = [.state, .verifier, .code, .spentRefresh]
}

extension Record {
  /// What a cache may find this by: everything but the refresh token.
  var cachedLookups: [Lookup] { lookups.filter { $0.field != .refreshToken } }
}
