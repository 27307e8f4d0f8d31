internal import AuthCache

extension Requirement {
  /// What becomes of a read that is under way while something is written.
  static let cacheFills: [Requirement] = [
    Requirement(
      "cache.fill.discarded", .cache, "What a read brings that began before a write is not kept.",
      consequence: "A logged-out session is served for an hour.",
      likelyCause: "The read puts its answer into the cache without looking whether something was written meanwhile.",
      references: ["guava#1881", "lakekeeper#1843", "ente#12071"], needs: [.cache]
    ) { trial in
      let world = try await trial.cached()
      for number in 0... {
        let session = trial.session(
          groups: Groups(subject: trial.digest(), providerSession: trial.digest(), grant: trial.digest()))
        guard let call = trial.cacheWrites(of: session)[safe: number] else { break }
        try await world.store.store(session)
        let door = world.holdReads()
        async let reading = trial.concurrently(session.cachedLookups.count) {
          try await world.cache.load(session.cachedLookups[$0])
        }
        try trial.require(
          await trial.soon { door.waiting == session.cachedLookups.count }, "the reads reach the store")
        world.watch.rule(nil)
        _ = try await world.cache.perform(call)
        door.open()
        _ = try await reading
        try await trial.expectAgreement(
          of: world, about: session.lookups + trial.lookups(writtenBy: call),
          "which was being read when \(call.operation) was done")
      }
    },
    Requirement(
      "cache.fill.discardedInBulk", .cache, "What a bulk read brings that began before a write is not kept.",
      consequence: "The list of somebody's sessions brings an ended one back to life.",
      likelyCause: "Only the single read looks whether something was written meanwhile.", needs: [.cache, .bulk]
    ) { trial in
      let world = try await trial.cached()
      let sessions = (0..<6).map { _ in trial.session() }
      for session in sessions.prefix(4) { try await world.store.store(session) }
      let door = world.holdReads()
      let lookups = sessions.flatMap(\.lookups)
      let cache = try trial.bulk(world.cache)
      async let reading = cache.load(contentsOf: lookups)
      try trial.require(await trial.soon { door.waiting == 1 }, "the read reaches the store")
      world.watch.rule(nil)
      _ = try await world.cache.remove(sessions[0].id)
      try await world.cache.store(sessions[1].replacing(revision: trial.revision()))
      try await world.cache.store(sessions[4])
      door.open()
      _ = try await reading
      try await trial.expectAgreement(of: world, about: lookups, "which was being read in bulk during writes")
    },
    Requirement(
      "cache.fill.absence", .cache, "A miss that was on its way when the record was stored is not remembered.",
      consequence: "The login has just completed, and is \"not found\" for as long as misses are remembered.",
      likelyCause: "Only records are compared with the writes since, and not misses.", references: ["litellm#26729"],
      needs: [.cache]
    ) { trial in
      let world = try await trial.cached()
      for number in 0..<(trial.capabilities.contains(.bulk) ? 3 : 2) {
        let session = trial.session()
        let lookups = session.cachedLookups
        let door = world.holdReads()
        async let reading = trial.concurrently(lookups.count) { try await world.cache.load(lookups[$0]) }
        try trial.require(await trial.soon { door.waiting == lookups.count }, "the reads reach the store")
        world.watch.rule(nil)
        let call: BackendCall = [.store(session), .insert(session), .storeContents([session])][number]
        _ = try await world.cache.perform(call)
        door.open()
        _ = try await reading
        for lookup in lookups {
          trial.expect(try await world.cache.load(lookup), equals: session, "\(lookup) after \(call.operation)")
        }
      }
    },
    Requirement(
      "cache.fill.notJoined", .cache, "Who reads after a write does not get the answer of a read that began before it.",
      consequence: "The page after the logout still greets the user.",
      likelyCause: "Whoever misses waits for the call that is under way, whenever it began.", needs: [.cache]
    ) { trial in
      let world = try await trial.cached()
      for number in 0... {
        let session = trial.session(
          groups: Groups(subject: trial.digest(), providerSession: trial.digest(), grant: trial.digest()))
        guard let call = trial.cacheWrites(of: session)[safe: number] else { break }
        try await world.store.store(session)
        let door = world.holdReads()
        async let old = world.cache.load(session.id)
        try trial.require(await trial.soon { door.waiting == 1 }, "the read reaches the store")
        world.watch.rule(nil)
        _ = try await world.cache.perform(call)
        let stored = try await world.store.load(session.id)
        let done = Memo(false)
        async let new = {
          defer { done.with { $0 = true } }
          return try await world.cache.load(session.id)
        }()
        // It may wait for the other, and then must ask by itself.
        await trial.letOthersRun()
        door.open()
        trial.expect(try await new, equals: stored, "a read that began after \(call.operation)")
        _ = try await old
      }
    },
    Requirement(
      "cache.fill.agesFromAsking", .cache, "The time in the cache runs from when the store was asked.",
      consequence: "When the database is slow, a logout is seen later than was promised.",
      likelyCause: "The time starts when the answer has come.", needs: [.cache]
    ) { trial in
      let world = try await trial.cached(.checked(.checked(timeToLive: .seconds(60), negative: .seconds(60))))
      let (session, missing) = (trial.session(), Lookup.id(.client, trial.digest()))
      try await world.store.store(session)
      for lookup in [session.id, missing] {
        let door = world.holdReads()
        async let reading = world.cache.load(lookup)
        try trial.require(await trial.soon { door.waiting == 1 }, "the read reaches the store")
        world.watch.rule(nil)
        world.clock.advance(by: .seconds(50))
        door.open()
        _ = try await reading
        world.clock.advance(by: .seconds(10))
        trial.expect(
          try await world.asked(for: lookup), equals: 1,
          "calls for \(lookup) when a minute has passed since it was asked for")
      }
    },
  ]

  /// Many who miss one record.
  static let cacheStampede: [Requirement] = [
    Requirement(
      "cache.stampede.oneCall", .cache, "Concurrent misses of one key make one call of the store.",
      consequence: "When a popular session leaves the cache, the database gets all its readers at once.",
      likelyCause: "Each miss asks for itself.", needs: [.cache]
    ) { trial in
      let world = try await trial.cached()
      let session = trial.session()
      for (record, count) in [(session, 1), (trial.session(), 0)] {
        if count == 1 { try await world.store.store(record) }
        let (door, before) = (world.holdReads(), world.watch.reads)
        let misses = world.cache.counts(of: .session).misses
        async let reading = trial.concurrently(16) { _ in try await world.cache.load(record.id) }
        _ = await trial.soon { world.cache.counts(of: .session).misses - misses == 16 }
        await trial.letOthersRun()
        door.open()
        let found = try await reading
        world.watch.rule(nil)
        trial.expect(world.watch.reads - before, equals: 1, "calls of the store for sixteen who miss one key")
        trial.expect(
          found, equals: Array(repeating: count == 1 ? record : nil, count: 16), "what the sixteen are answered")
      }
    },
    Requirement(
      "cache.stampede.cancelledLeader", .cache,
      "When the one who asks for all is cancelled, the others get the record.",
      consequence: "One impatient client fails everybody who waits for the same session.",
      likelyCause: "The shared call is made in the task of the first who came.", references: ["layercache#59"],
      needs: [.cache]
    ) { trial in
      let world = try await trial.cached()
      let session = trial.session()
      try await world.store.store(session)
      let door = world.holdReads()
      let misses = world.cache.counts(of: .session).misses
      let leader = Task { try await CallEnding { try await world.cache.load(session.id) } }
      try trial.require(await trial.soon { door.waiting == 1 }, "the read reaches the store")
      async let reading = trial.concurrently(8) { _ in
        try await CallEnding { try await world.cache.load(session.id) }
      }
      _ = await trial.soon { world.cache.counts(of: .session).misses - misses == 9 }
      await trial.letOthersRun()
      leader.cancel()
      _ = try await leader.value
      await trial.letOthersRun()
      door.open()
      for ending in try await reading {
        switch ending {
        case .answered(let record): trial.expect(record, equals: session, "what another is answered")
        case .threw(let error): trial.fail("another's read", expected: "the record", found: "\(error.code)")
        }
      }
    },
    Requirement(
      "cache.stampede.failedLeader", .cache, "When the call of the one who asks for all fails, another asks.",
      consequence: "One lost connection fails a hundred requests.",
      likelyCause: "The error is handed to everybody who waits.", needs: [.cache]
    ) { trial in
      let world = try await trial.cached()
      // The first call that fails, and how many do. Each failure is one caller's, and nobody else's.
      for failures in [1, 2, 4] {
        let session = trial.session()
        try await world.store.store(session)
        let (door, left) = (Door(), Memo(failures))
        world.watch.rule { call, proceed throws(AuthCacheError) in
          guard call.operation == .load else { return try await proceed(call) }
          try await door.pass(.load)
          let fails = left.with { left in
            left -= 1
            return left >= 0
          }
          if fails { throw AuthCacheError(.unavailable, operation: .load, "the check cut the store off") }
          return try await proceed(call)
        }
        let misses = world.cache.counts(of: .session).misses
        async let reading = trial.concurrently(8) { _ in
          try await CallEnding { try await world.cache.load(session.id) }
        }
        _ = await trial.soon { world.cache.counts(of: .session).misses - misses == 8 }
        await trial.letOthersRun()
        door.open()
        let endings = try await reading
        world.watch.rule(nil)
        let failed = endings.filter { $0.error != nil }.count
        trial.expect(failed, equals: failures, "callers that hear of \(failures) failed calls")
        for case .answered(let record) in endings { trial.expect(record, equals: session, "what the others get") }
      }
      if trial.capabilities.contains(.bulk) { try await trial.expectOthersServed(besideFailedBulkReadOf: world) }
    },
    Requirement(
      "cache.stampede.cancelledFollower", .cache,
      "Who waits for another's call and is cancelled returns, and disturbs nobody.",
      consequence: "Requests that were given up pile up behind a slow database.",
      likelyCause: "Waiting for the shared call does not look at cancellation.", needs: [.cache]
    ) { trial in
      let world = try await trial.cached()
      let session = trial.session()
      try await world.store.store(session)
      let door = world.holdReads()
      async let leading = world.cache.load(session.id)
      try trial.require(await trial.soon { door.waiting == 1 }, "the read reaches the store")
      let misses = world.cache.counts(of: .session).misses
      let ended = Memo(false)
      let follower = Task {
        defer { ended.with { $0 = true } }
        return try await CallEnding { try await world.cache.load(session.id) }
      }
      _ = await trial.soon { world.cache.counts(of: .session).misses > misses }
      await trial.letOthersRun()
      follower.cancel()
      trial.expect(await trial.soon { ended.with { $0 } }, "a cancelled caller returns while the call is under way")
      door.open()
      trial.expect(try await leading, equals: session, "what the others get")
      if let error = try await follower.value.error { trial.expect(error.code, equals: .cancelled, "what it throws") }
    },
    Requirement(
      "cache.slow.othersServed", .cache, "While the store is slow for one key, every other key is served and written.",
      consequence: "One slow row stops every login.", likelyCause: "A lock is held over the call of the store.",
      needs: [.cache]
    ) { trial in
      let world = try await trial.cached()
      let slow = trial.session()
      let others = (0..<40).map { _ in trial.session() }
      for session in [slow] + others { try await world.store.store(session) }
      for session in others.prefix(20) { _ = try await world.cache.load(session.id) }
      let door = Door()
      world.watch.rule { call, proceed throws(AuthCacheError) in
        if case .load(slow.id) = call { try await door.pass(.load) }
        return try await proceed(call)
      }
      async let reading = world.cache.load(slow.id)
      try trial.require(await trial.soon { door.waiting == 1 }, "the slow read reaches the store")
      let ended = Memo(0)
      async let working: [Void] = trial.concurrently(40) { number in
        defer { ended.with { $0 += 1 } }
        let session = others[number]
        trial.expect(try await world.cache.load(session.id), equals: session, "another key is read")
        if number % 4 == 0 { _ = try await world.cache.remove(session.id) }
        if number % 4 == 1 { try await world.cache.store(session.replacing(revision: 1)) }
        if number % 4 == 2 { _ = try await world.cache.load(.id(.session, trial.digest())) }
      }
      let finished = await trial.soon { ended.with { $0 } == 40 }
      trial.expect(
        finished, "others end while one waits", expected: "40 ended", found: "\(ended.with { $0 })")
      door.open()
      _ = try await working
      trial.expect(try await reading, equals: slow, "the slow one gets its answer")
    },
  ]
}

extension CacheTrial {
  /// Holds every read, which has its answer from the store by then, until the door is opened.
  func holdReads() -> Door {
    let door = Door()
    watch.rule { call, proceed throws(AuthCacheError) in
      let answer = try await proceed(call)
      if call.operation == .load || call.operation == .loadContents { try await door.pass(call.operation) }
      return answer
    }
    return door
  }
}

extension Trial {
  /// Records a breach if those who wait for a bulk read that fails do not get the record.
  fileprivate func expectOthersServed(besideFailedBulkReadOf world: CacheTrial) async throws {
    let session = session()
    try await world.store.store(session)
    let cache = try bulk(world.cache)
    let door = Door()
    world.watch.rule { call, proceed throws(AuthCacheError) in
      guard call.operation == .loadContents else { return try await proceed(call) }
      try await door.pass(.loadContents)
      throw AuthCacheError(.unavailable, operation: .loadContents, "the check cut the store off")
    }
    async let leading = CallEnding { try await cache.load(contentsOf: [session.id]) }
    try require(await soon { door.waiting == 1 }, "the bulk read reaches the store")
    async let others = concurrently(4) { _ in try await world.cache.load(session.id) }
    await letOthersRun()
    door.open()
    expect(try await leading.error?.code, equals: .unavailable, "what the bulk read is told")
    expect(try await others, equals: Array(repeating: session, count: 4), "what those get who waited for it")
    world.watch.rule(nil)
  }
}
