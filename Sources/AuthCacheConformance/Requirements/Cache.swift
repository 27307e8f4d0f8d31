internal import AuthCache

extension Requirement {
  /// What a cache in front of the backend keeps.
  static let cache: [Requirement] =
    cacheReads + cacheAbsences + cacheWrites + cacheFills + cacheTime + cacheCapacity + cacheStampede + cacheFailures
    + cacheEnd + cacheSchedules

  /// What a read finds, and what is never served from memory.
  private static let cacheReads: [Requirement] = [
    Requirement(
      "cache.read.once", .cache, "What was read once is served from memory, by the same lookup, byte for byte.",
      consequence: "The cache costs memory and saves nothing.",
      likelyCause: "The key that is looked up is not the one kept.",
      needs: [.cache]
    ) { trial in
      let world = try await trial.cached()
      for record in [trial.session(), trial.record(.client, life: nil)] {
        for lookup in record.cachedLookups {
          try await world.store.store(record)
          let asked = try await world.asked {
            for _ in 0..<4 {
              trial.expect(try await world.cache.load(lookup), equals: record, "\(lookup) is the record")
            }
          }
          trial.expect(asked, equals: 1, "calls of the store for four reads of \(lookup)")
          world.cache.flush()
        }
      }
    },
    Requirement(
      "cache.read.uncopied", .cache,
      "However often a record is served from memory, it carries the payload that was read, and no copy of it.",
      consequence:
        "Each hit costs what opening and decoding a session costs: what a payload opened to is remembered in it.",
      likelyCause: "The cache keeps bytes, and makes a record of them at every hit.", needs: [.cache]
    ) { trial in
      let world = try await trial.cached()
      for record in [trial.session(), trial.record(.client, life: nil)] {
        try await world.store.store(record)
        for lookup in record.cachedLookups {
          let read = try trial.require(try await world.cache.load(lookup), "the record is found")
          for _ in 0..<3 {
            let hit = try trial.require(try await world.cache.load(lookup), "the record is found again")
            trial.expect(hit.payload === read.payload, equals: true, "a hit carries the very payload that was read")
          }
        }
      }
    },
    Requirement(
      "cache.read.disabled", .cache,
      "A cache that is not enabled is a pure pass-through: each call is one call of the store, and nothing is counted.",
      consequence: "Switching the cache off to look for a fault changes nothing.",
      likelyCause: "The switch stops the filling and not the serving.", needs: [.cache]
    ) { trial in
      let world = try await trial.cached(.disabled)
      trial.expect(world.cache.properties, equals: world.store.properties, "the properties are the store's")
      let session = trial.session(groups: Groups(subject: trial.digest()))
      try await world.store.store(session)
      for call in trial.calls(about: session) + trial.capabilityCalls(about: session) + [.load(session.id)] {
        let before = world.watch.total
        _ = try await world.cache.perform(call)
        trial.expect(world.watch.total - before, equals: 1, "calls of the store for one \(call.operation)")
        trial.expect(world.watch.last?.operation, equals: call.operation, "the call that the store gets")
      }
      for kind in [RecordKind.session, .client] {
        trial.expect(world.cache.counts(of: kind), equals: CacheCounts(), "what is counted of \(kind)")
      }
    },
    Requirement(
      "cache.read.oneTimeKinds", .cache,
      "States, verifiers, codes and spent refresh tokens are never served from memory.",
      consequence: "A code that was redeemed elsewhere is shown as unspent.",
      likelyCause: "The policy of a kind is the caller's to choose, and is believed.", needs: [.cache]
    ) { trial in
      let world = try await trial.cached()
      for kind in CacheTrial.oneTimeKinds {
        let record = trial.record(kind)
        trial.expect(try await world.asked(for: record.id), equals: 1, "calls for the first read of a missing \(kind)")
        trial.expect(try await world.asked(for: record.id), equals: 1, "calls for the second read of a missing \(kind)")
        try await world.store.store(record)
        for _ in 0..<2 {
          trial.expect(try await world.cache.load(record.id), equals: record, "a \(kind) is found")
        }
        _ = try await world.store.remove(record.id)
        trial.expect(try await world.cache.load(record.id), equals: nil, "a \(kind) that was used up is gone")
      }
    },
    Requirement(
      "cache.read.refreshToken", .cache, "A lookup by refresh token always asks the store.",
      consequence: "A refresh token that was spent on another instance is accepted here.",
      likelyCause: "Every alias of a cached record finds it.", references: ["RFC 9700 §4.14"],
      needs: [.cache, .aliases]
    ) { trial in
      let world = try await trial.cached()
      let session = trial.session()
      let lookup = Lookup.refreshToken(try trial.require(session.aliases.refreshToken, "a session has a refresh token"))
      for _ in 0..<2 {
        trial.expect(try await world.asked(for: lookup), equals: 1, "calls where there is no such token")
      }
      try await world.store.store(session)
      for other in session.cachedLookups { _ = try await world.cache.load(other) }
      for _ in 0..<2 {
        trial.expect(try await world.asked(for: lookup), equals: 1, "calls for a token whose record is cached")
      }
      if trial.capabilities.contains(.bulk) {
        for _ in 0..<2 {
          let found = try await trial.bulk(world.cache).load(contentsOf: session.lookups)
          trial.expect(found.last, equals: session, "the token in a bulk read")
        }
      }
      _ = try await world.store.remove(session.id)
      trial.expect(try await world.cache.load(lookup), equals: nil, "a token whose session ended elsewhere")
      if trial.capabilities.contains(.bulk) {
        let found = try await trial.bulk(world.cache).load(contentsOf: [lookup])
        trial.expect(found, equals: [nil], "the token in a bulk read, when its session ended elsewhere")
      }
    },
    Requirement(
      "cache.read.wholeKey", .cache,
      "One digest under two kinds, or by two fields, is two keys, also for those who wait.",
      consequence: "A client's secret is served to whoever asks for a session.",
      likelyCause: "What is kept, or waited for, is found by the digest alone.", needs: [.cache]
    ) { trial in
      let world = try await trial.cached()
      let shared = trial.digest()
      let (session, client) = (trial.record(.session, digest: shared), trial.record(.client, digest: shared))
      var records: [Lookup: Record] = [session.id: session, client.id: client]
      if trial.properties.aliases {
        let other = trial.record(.session, aliases: Aliases(accessToken: shared))
        records[.accessToken(shared)] = other
      }
      for (lookup, record) in records {
        for other in records.keys { trial.expect(try await world.cache.load(other), equals: nil, "\(other) is absent") }
        try await world.cache.store(record)
        for _ in 0..<2 {
          trial.expect(try await world.cache.load(lookup), equals: record, "\(lookup) is there")
          for other in records.keys where other != lookup {
            trial.expect(try await world.cache.load(other), equals: nil, "\(other) is absent")
          }
        }
        _ = try await world.cache.remove(record.id)
      }
      for record in records.values { try await world.store.store(record) }
      world.cache.flush()
      let (lookups, door) = (Array(records.keys), world.holdReads())
      async let reading = trial.concurrently(lookups.count) { try await world.cache.load(lookups[$0]) }
      _ = await trial.soon { door.waiting == lookups.count }
      door.open()
      trial.expect(try await reading, equals: lookups.map { records[$0] }, "what each is answered that waits")
    },
    Requirement(
      "cache.policy.perKind", .cache, "Each kind has a time, a capacity and a time for misses of its own.",
      consequence: "Sessions are served for as long as clients, which seldom change.",
      likelyCause: "One table with one configuration serves all kinds.", needs: [.cache]
    ) { trial in
      let world = try await trial.cached(
        CachingConfiguration(
          sessions: .checked(capacity: 2, timeToLive: .seconds(5), negative: .seconds(2)),
          clients: .checked(capacity: 6, timeToLive: .seconds(60), negative: .seconds(20))))
      let records = [RecordKind.session, .client].map { kind in (0..<6).map { _ in trial.record(kind) } }
      for record in records.joined() { try await world.store.store(record) }
      for record in records.joined() { _ = try await world.cache.load(record.id) }
      trial.expect(
        [RecordKind.session, .client].map { world.cache.cachedCount(of: $0) }, equals: [2, 6], "held of each kind")
      let client = records[1][0]
      let missing = [Lookup.id(.session, trial.digest()), .id(.client, trial.digest())]
      for lookup in missing { _ = try await world.cache.load(lookup) }
      let session = records[0][5]
      _ = try await world.cache.load(session.id)
      world.clock.advance(by: .seconds(2))
      trial.expect(
        [try await world.asked(for: missing[0]), try await world.asked(for: missing[1])], equals: [1, 0],
        "calls for a missing session and a missing client after two seconds")
      world.clock.advance(by: .seconds(3))
      trial.expect(
        [try await world.asked(for: session.id), try await world.asked(for: client.id)], equals: [1, 0],
        "calls for a session and a client after five seconds")
    },
    Requirement(
      "cache.read.bulk", .cache,
      "A bulk load answers each lookup as a single load would, in order, whatever is cached.",
      consequence: "Somebody gets somebody else's session.",
      likelyCause: "What was cached and what was asked for are put together in the wrong order.",
      needs: [.cache, .bulk]
    ) { trial in
      let world = try await trial.cached()
      let bulk = try trial.bulk(world.cache)
      let records = (0..<12).map { _ in trial.session() }
      for record in records { try await world.store.store(record) }
      for record in records.enumerated().filter({ $0.offset % 3 == 1 }).map(\.element) {
        _ = try await world.cache.load(record.id)
      }
      let missing = trial.digest()
      _ = try await world.cache.load(.id(.session, missing))
      let lookups = records.flatMap(\.lookups) + [.id(.session, missing), records[0].id, .id(.client, trial.digest())]
      for round in 1...3 {
        trial.expect(
          try await bulk.load(contentsOf: lookups), equals: try await trial.bulk(world.store).load(contentsOf: lookups),
          "what bulk load number \(round) answers")
      }
      trial.expect(try await bulk.load(contentsOf: []), equals: [], "an empty bulk load")
    },
    Requirement(
      "cache.read.corrupt", .cache, "A record that can't be decoded is an error at every read, and is not cached.",
      consequence: "After the key is mended users still see the error; or nobody learns of the damage.",
      likelyCause: "Whatever came of a read is kept, errors included.", needs: [.cache]
    ) { trial in
      let world = try await trial.cached()
      let session = trial.session()
      try await world.store.store(session)
      world.watch.rule { call, proceed throws(AuthCacheError) in
        guard call.operation == .load else { return try await proceed(call) }
        throw AuthCacheError(.corrupt, operation: .load, kind: .session, "the check spoilt it")
      }
      for _ in 0..<3 {
        await trial.expectError(.corrupt, "reading what can't be decoded") { try await world.cache.load(session.id) }
      }
      trial.expect(world.watch[.load], equals: 3, "calls of the store for three such reads")
      trial.expect(world.cache.cachedCount(of: .session), equals: 0, "records in the cache")
      world.watch.rule(nil)
      trial.expect(try await world.cache.load(session.id), equals: session, "after it was mended")
    },
    Requirement(
      "cache.properties.mapped", .cache,
      "A cache declares what its store does, and a bound of staleness that its reads keep to.",
      consequence: "Somebody relies on a read that is a minute old.",
      likelyCause: "The store's properties are passed on.", needs: [.cache]
    ) { trial in
      let world = try await trial.cached(.checked(.checked(timeToLive: .seconds(7), negative: .seconds(11))))
      let (declared, below) = (world.cache.properties, world.store.properties)
      var rest = declared
      rest.consistency = below.consistency
      trial.expect(rest, equals: below, "all but the consistency")
      trial.expect(
        Capability.all(of: world.cache), equals: Capability.all(of: world.store), "the capabilities are the store's")
      guard case .stale(let bound) = declared.consistency else {
        return trial.fail("the consistency", expected: "stale, within a bound", found: "\(declared.consistency)")
      }
      if case .stale(let under) = below.consistency {
        trial.expect(bound >= under + .seconds(11), "the bound counts the store's", found: "\(bound)")
      }
      let (session, late) = (trial.session(), trial.session())
      try await world.store.store(session)
      for record in [session, late] { for lookup in record.cachedLookups { _ = try await world.cache.load(lookup) } }
      _ = try await world.store.remove(session.id)
      try await world.store.store(late)
      world.clock.advance(by: bound)
      try await trial.expectAgreement(
        of: world, about: session.cachedLookups + late.cachedLookups, "once the declared bound has passed")
    },
    Requirement(
      "cache.count.exact", .cache,
      "Hits, negative hits, misses, loads, evictions and invalidations are counted exactly, kind by kind.",
      consequence: "The hit ratio on the dashboard hides that the cache does nothing.",
      likelyCause: "Something is counted in two places, or where it is tried and not where it happens.", needs: [.cache]
    ) { trial in
      let world = try await trial.cached(.checked(.checked(capacity: 4)))
      let sessions = (0..<6).map { _ in trial.session() }
      for session in sessions { try await world.store.store(session) }
      func expect(_ what: String, _ expected: CacheCounts) {
        var found = world.cache.counts(of: .session)
        found.expirations = 0
        trial.expect(found.listed, equals: expected.listed, "counts after \(what)")
      }
      for session in sessions.prefix(4) { _ = try await world.cache.load(session.id) }
      expect("four misses", CacheCounts(misses: 4, loads: 4))
      for _ in 0..<3 { for session in sessions.prefix(4) { _ = try await world.cache.load(session.id) } }
      expect("twelve hits", CacheCounts(hits: 12, misses: 4, loads: 4))
      let missing = Lookup.id(.session, trial.digest())
      for _ in 0..<3 { _ = try await world.cache.load(missing) }
      expect("an absence asked for three times", CacheCounts(hits: 12, negativeHits: 2, misses: 5, loads: 5))
      for session in sessions.suffix(2) { _ = try await world.cache.load(session.id) }
      expect("two more in a full cache", CacheCounts(hits: 12, negativeHits: 2, misses: 7, loads: 7, evictions: 2))
      var dropped = 0
      for session in sessions where await world.isRemembered(session.id) { dropped += 1 }
      trial.expect(dropped, equals: 4, "records that are served from a cache of four")
      let before = world.cache.counts(of: .session)
      for session in sessions { _ = try await world.cache.remove(session.id) }
      trial.expect(
        world.cache.counts(of: .session).invalidations - before.invalidations, equals: 4,
        "invalidations for the removal of six of which four were cached")
      trial.expect(world.cache.counts(of: .client).listed, equals: CacheCounts().listed, "counts of another kind")

      // Six who wait for one answer.
      let (door, shared) = (Door(), trial.session())
      try await world.store.store(shared)
      let begin = world.cache.counts(of: .session)
      world.watch.rule { call, proceed throws(AuthCacheError) in
        if call.operation == .load { try await door.pass(.load) }
        return try await proceed(call)
      }
      async let reading = trial.concurrently(6) { _ in try await world.cache.load(shared.id) }
      _ = await trial.soon { world.cache.counts(of: .session).misses - begin.misses == 6 }
      door.open()
      _ = try await reading
      let end = world.cache.counts(of: .session)
      trial.expect(end.misses - begin.misses, equals: 6, "misses of six who wait for one answer")
      trial.expect(end.loads - begin.loads, equals: 1, "loads for six who wait for one answer")
      trial.expect(end.hits - begin.hits, equals: 0, "hits of six who wait for one answer")
    },
  ]
}

extension CacheCounts {
  init(
    hits: Int = 0, negativeHits: Int = 0, misses: Int = 0, loads: Int = 0, evictions: Int = 0, invalidations: Int = 0
  ) {
    self.init()
    self.hits = hits
    self.negativeHits = negativeHits
    self.misses = misses
    self.loads = loads
    self.evictions = evictions
    self.invalidations = invalidations
  }

  /// All but what ends by time, which is counted when it is met.
  fileprivate var listed: [Int] { [hits, negativeHits, misses, loads, evictions, invalidations] }
}
