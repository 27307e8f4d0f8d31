internal import AuthCache

extension Requirement {
  /// How much is remembered, and what leaves.
  static let cacheCapacity: [Requirement] = [
    Requirement(
      "cache.capacity.bound", .cache, "No more records are held than the capacity, whatever decides who leaves.",
      consequence: "The server's memory grows with its users.",
      likelyCause: "What leaves the order is not taken out of the table.", needs: [.cache]
    ) { trial in
      for (order, eviction) in CachePolicy.Eviction.bundled {
        guard let world = try await trial.cachedIfOffered(.checked(capacity: 7, eviction: eviction)) else { continue }
        let sessions = (0..<60).map { _ in trial.session() }
        world.serve(sessions)
        for (number, session) in sessions.enumerated() {
          for lookup in session.cachedLookups { _ = try await world.cache.load(lookup) }
          if number % 5 == 4 { _ = try await world.cache.load(sessions[number / 2].id) }
          let count = world.cache.cachedCount(of: .session)
          trial.expect(count <= 7, "held, by \(order)", expected: "at most 7", found: "\(count)")
        }
        let held = await world.held(sessions)
        trial.expect(held.count, equals: 7, "records that are served from a full cache of 7, by \(order)")
        let byToken = await world.held(sessions) { $0.cachedLookups.last ?? $0.id }
        trial.expect(byToken, equals: held, "records that are served by their tokens, by \(order)")
        trial.expect(world.cache.cachedCount(of: .session), equals: held.count, "what the cache says it holds")
      }
    },
    Requirement(
      "cache.capacity.crowd", .cache, "No more records are held than the capacity when many come in at once.",
      consequence: "Under load the cache outgrows its bound, which is when it matters.",
      likelyCause: "Whether there is room is looked at before the store is asked.", needs: [.cache]
    ) { trial in
      let world = try await trial.cached(.checked(.checked(capacity: 5)))
      let sessions = (0..<24).map { _ in trial.session() }
      let door = Door()
      world.watch.rule { call, _ throws(AuthCacheError) in
        guard case .load(let lookup) = call else { return .done }
        try await door.pass(.load)
        return .record(sessions.first { $0.digest == lookup.digest })
      }
      async let reading = trial.concurrently(24) { try await world.cache.load(sessions[$0].id) }
      trial.expect(await trial.soon { door.waiting == 24 }, "all of them ask the store")
      door.open()
      trial.expect(try await reading, equals: sessions, "what they are answered")
      trial.expect(
        world.cache.cachedCount(of: .session) <= 5, "held after 24 came in at once", expected: "at most 5",
        found: "\(world.cache.cachedCount(of: .session))")
      let held = await world.held(sessions).count
      trial.expect(held <= 5, "served after 24 came in at once", expected: "at most 5", found: "\(held)")
    },
    Requirement(
      "cache.capacity.leastRecent", .cache,
      "With that order, what was not read for the longest time leaves first.",
      consequence: "The sessions in use leave, and the forgotten ones stay.",
      likelyCause: "A read does not move its record, or moves it under one of its digests only.", needs: [.cache]
    ) { trial in
      try await trial.expectVictims(
        .leastRecentlyUsed,
        [
          ([1, 2, 3, 4], [2, 3, 4]), ([1, 2, 3, 1, 4], [1, 3, 4]), ([1, 2, 3, 1, 2, 4], [1, 2, 4]),
          ([1, 2, 3, 3, 2, 1, 4, 5], [1, 4, 5]), ([1, 2, 3, 1, 1, 1, 2, 3, 4], [2, 3, 4]),
        ])
    },
    Requirement(
      "cache.capacity.leastFrequent", .cache,
      "With that order, what was read the fewest times leaves first, and of equals what was read last the longest ago.",
      consequence: "A session of every request leaves for one that was read once.",
      likelyCause: "Reads are not counted, or counts are kept for the digest and outlive the record.", needs: [.cache]
    ) { trial in
      try await trial.expectVictims(
        .leastFrequentlyUsed,
        [
          ([1, 2, 3, 4], [2, 3, 4]), ([1, 2, 3, 1, 4], [1, 3, 4]), ([1, 1, 2, 2, 3, 4, 5], [1, 2, 5]),
          ([1, 1, 1, 2, 2, 3, 3, 4], [1, 3, 4]), ([1, 1, 1, 2, 3, 4, 4, 5, 6], [1, 4, 6]),
        ])
    },
    Requirement(
      "cache.capacity.freed", .cache, "What was dropped leaves its room to others, and is not evicted once more.",
      consequence: "After a few days of logouts the cache holds a tenth of what it may.",
      likelyCause: "A write takes the record out of the table and leaves it in the order.", needs: [.cache]
    ) { trial in
      for (order, eviction) in CachePolicy.Eviction.bundled {
        guard let world = try await trial.cachedIfOffered(.checked(capacity: 4, eviction: eviction)) else { continue }
        for round in 0..<3 {
          let sessions = (0..<4).map { _ in trial.session() }
          for session in sessions { try await world.store.store(session) }
          for session in sessions { _ = try await world.cache.load(session.id) }
          let held = await world.held(sessions).count
          trial.expect(held, equals: 4, "served in round \(round) of a cache of four, by \(order)")
          // By alias, where there is one.
          for session in sessions { _ = try await world.cache.remove(session.lookups.last ?? session.id) }
          trial.expect(world.cache.cachedCount(of: .session), equals: 0, "held when all have been removed, by \(order)")
        }
        trial.expect(
          world.cache.counts(of: .session).evictions, equals: 0, "evictions in a cache that was never too full")
      }
    },
    Requirement(
      "cache.capacity.none", .cache, "A capacity of zero keeps nothing, and reads and writes go on.",
      consequence: "A configuration by mistake ends the process.", likelyCause: "A victim is asked of an empty cache.",
      needs: [.cache]
    ) { trial in
      let world = try await trial.cached(.checked(.checked(capacity: 0, negativeCapacity: 0)))
      let session = trial.session()
      trial.expect(try await world.asked(for: session.id), equals: 1, "calls for a missing one")
      try await world.cache.store(session)
      for _ in 0..<3 {
        trial.expect(try await world.asked(for: session.id), equals: 1, "calls for one that is there")
        trial.expect(try await world.cache.load(session.id), equals: session, "what is found")
      }
      trial.expect(world.cache.cachedCount(of: .session), equals: 0, "records held")
      trial.expect(world.cache.rememberedCount(of: .session), equals: 0, "misses remembered")
    },
  ]
}

extension CachePolicy.Eviction {
  fileprivate static let bundled: [(Order, CachePolicy.Eviction)] = [
    (.tinyLFU, .tinyLFU), (.leastRecentlyUsed, .leastRecentlyUsed), (.leastFrequentlyUsed, .leastFrequentlyUsed),
  ]
}

extension CacheTrial {
  /// Answers every read out of `records`, without the store.
  fileprivate func serve(_ records: [Record]) {
    let found = Dictionary(records.flatMap { record in record.lookups.map { ($0, record) } }) { $1 }
    watch.rule { call, proceed throws(AuthCacheError) in
      guard case .load(let lookup) = call else { return try await proceed(call) }
      return .record(found[lookup])
    }
  }

  /// Which of them are served from memory. Lets nothing in, and answers reads from the store again afterwards.
  fileprivate func held(_ records: [Record], by lookup: (Record) -> Lookup = \.id) async -> Set<Record> {
    var held: Set<Record> = []
    for record in records where await isRemembered(lookup(record)) { held.insert(record) }
    return held
  }
}

extension Trial {
  /// A cache by that policy; nil if the factory's own has no such thing.
  fileprivate func cachedIfOffered(_ policy: CachePolicy) async throws -> CacheTrial? {
    do { return try await cached(.checked(policy)) } catch is NotOffered { return nil }
  }

  /// Reads the records of those numbers into a cache of three, and looks which are left.
  fileprivate func expectVictims(
    _ eviction: CachePolicy.Eviction, _ rows: [(reads: [Int], left: Set<Int>)]
  ) async throws {
    let world = try await cached(.checked(.checked(capacity: 3, eviction: eviction)))
    for row in rows {
      let rowWorld = try await cached(.checked(.checked(capacity: 3, eviction: eviction)), beside: world)
      let sessions = (0...6).map { _ in session() }
      rowWorld.serve(sessions)
      for (turn, number) in row.reads.enumerated() {
        // By one digest and by another: it is one record.
        let lookups = sessions[number].cachedLookups
        _ = try await rowWorld.cache.load(lookups[turn % lookups.count])
      }
      let held = await rowWorld.held(sessions)
      expect(
        Set(sessions.indices.filter { held.contains(sessions[$0]) }), equals: row.left,
        "who is left of those read in this order: \(row.reads)")
    }
  }
}
