internal import AuthCache

extension Requirement {
  /// Who hears of what fails, and what is left then.
  static let cacheFailures: [Requirement] = [
    Requirement(
      "cache.failure.everyCall", .cache,
      "Whichever call of the store fails, its caller alone is told, and every read agrees with the store afterwards.",
      consequence: "After an outage of a second some sessions are wrong until they leave the cache.",
      likelyCause: "What is done after the call is left out when it throws.", needs: [.cache], deadline: .seconds(20)
    ) { trial in
      let world = try await trial.cached()
      for effect in [AuthCacheError.Effect.none, .unknown] {
        for number in 0... {
          let (failed, ended) = try await trial.sweep(world, failing: number, effect)
          trial.expect(failed <= 1, "callers that were told of one failure", found: "\(failed)")
          if ended { break }
          trial.expect(failed, equals: 1, "callers that were told of the failure of call \(number)")
        }
      }
    },
    Requirement(
      "cache.failure.noOldAnswer", .cache, "When the store can't answer, what has ended its time is not served.",
      consequence: "During an outage everybody who logged out is logged in.",
      likelyCause: "An old answer is thought better than none.", needs: [.cache]
    ) { trial in
      let world = try await trial.cached(.checked(.checked(timeToLive: .seconds(5), negative: .seconds(2))))
      let session = trial.session()
      let missing = Lookup.id(.session, trial.digest())
      try await world.store.store(session)
      for lookup in session.cachedLookups + [missing] { _ = try await world.cache.load(lookup) }
      world.clock.advance(by: .seconds(5))
      world.watch.rule { call, _ throws(AuthCacheError) in
        throw AuthCacheError(.unavailable, operation: call.operation, "the check cut the store off")
      }
      for lookup in session.cachedLookups + [missing] {
        await trial.expectError(.unavailable, "a read after its time, while the store is away") {
          try await world.cache.load(lookup)
        }
      }
    },
    Requirement(
      "cache.failure.recovers", .cache, "After reads that failed or were cancelled the key is read as any other.",
      consequence: "One timeout, and the session can't be read until the server is restarted.",
      likelyCause: "The shared call that failed is never taken off, and everybody waits for it.", needs: [.cache],
      deadline: .seconds(12)
    ) { trial in
      let world = try await trial.cached()
      let session = trial.session()
      try await world.store.store(session)
      for code in [AuthCacheError.Code.unavailable, .cancelled, .timeout] {
        for lookup in session.cachedLookups {
          world.watch.rule { call, _ throws(AuthCacheError) in
            throw AuthCacheError(code, operation: call.operation, "the check cut the store off")
          }
          await trial.expectError(code, "a read that fails") { try await world.cache.load(lookup) }
          world.watch.rule(nil)
          let found = Memo<Record?>(nil)
          let reading = Task {
            let record = try await world.cache.load(lookup)
            found.with { $0 = record }
          }
          trial.expect(await trial.soon { found.with { $0 } == session }, "the next read after a \(code) ends")
          reading.cancel()
          world.cache.flush()
        }
      }
    },
  ]

  /// How a cache hears of what others write, and how it ends.
  static let cacheEnd: [Requirement] = [
    Requirement(
      "cache.source.heard", .cache,
      "What an invalidation source announces is dropped: a record under every digest, a group, and at a gap everything.",
      consequence: "Logged out on one instance, still logged in on another.",
      likelyCause: "The announcement names the id, and the token is left.", references: ["AspNetCore.Docs#34224"],
      needs: [.cache]
    ) { trial in
      let source = CheckedSource()
      let world = try await trial.cached(source: source.source)
      try trial.require(await trial.soon { source.listeners == 1 }, "the cache listens")
      let subject = trial.digest()
      func remembered() async throws -> Record {
        let session = trial.session(groups: Groups(subject: subject))
        try await world.store.store(session)
        for lookup in session.cachedLookups { _ = try await world.cache.load(lookup) }
        _ = try await world.store.remove(session.id)
        return session
      }
      func isDropped(_ session: Record, after announcement: Invalidation, _ words: String) async {
        source.announce(announcement)
        let dropped = await trial.soon { world.cache.cachedCount(of: .session) == 0 }
        trial.expect(dropped, "nothing is held after \(words)", found: "\(world.cache.cachedCount(of: .session))")
        for lookup in session.cachedLookups {
          trial.expect(await !world.isRemembered(lookup), "\(lookup) is not served after \(words)")
        }
        world.cache.flush()
      }
      for index in trial.session().lookups.indices {
        let session = try await remembered()
        await isDropped(session, after: .record(session.lookups[index]), "news of \(session.lookups[index])")
      }
      await isDropped(try await remembered(), after: .group(.subject(subject)), "news of its group")
      await isDropped(try await remembered(), after: .gap, "a gap")
      // And what is on its way when the news comes.
      for number in 0..<4 {
        let session = try await remembered()
        world.cache.flush()
        try await world.store.store(session)
        let door = world.holdReads()
        async let reading = world.cache.load(session.id)
        try trial.require(await trial.soon { door.waiting == 1 }, "the read reaches the store")
        world.watch.rule(nil)
        let marker = trial.session()
        try await world.store.store(marker)
        _ = try await world.cache.load(marker.id)
        _ = try await world.store.remove(session.id)
        source.announce(
          [.record(session.id), .record(session.lookups.last ?? session.id), .group(.subject(subject)), .gap][number])
        // News come in order: when the second has been heard, so has the first. A gap drops the marker by itself.
        if number < 3 { source.announce(.record(marker.id)) }
        _ = await trial.soon { world.cache.cachedCount(of: .session) == 0 }
        if number == 3 { await trial.letOthersRun() }
        door.open()
        _ = try await reading
        trial.expect(
          try await world.cache.load(session.id), equals: nil, "which was being read when news number \(number) came")
      }
    },
    Requirement(
      "cache.source.lost", .cache,
      "When the source is lost everything is dropped, and until it is back nothing stays longer than without one.",
      consequence: "A connection that was lost in silence leaves the instance stale for ever.",
      likelyCause: "The end of the announcements is taken for there being none.",
      references: ["node-postgres#967", "postgrest#3147"], needs: [.cache]
    ) { trial in
      let source = CheckedSource()
      let world = try await trial.cached(
        CachingConfiguration(sessions: CachePolicy(skew: .zero)), source: source.source)
      try trial.require(await trial.soon { source.listeners == 1 }, "the cache listens")
      for isEnd in [true, false] {
        let (held, late) = (trial.session(), trial.session())
        for session in [held, late] { try await world.store.store(session) }
        await trial.letOthersRun()
        for lookup in held.cachedLookups { _ = try await world.cache.load(lookup) }
        _ = try await world.store.remove(held.id)
        source.cut(isEnd ? nil : AuthCacheError(.unavailable, operation: .load, "the check cut the source off"))
        let dropped = await trial.soon { world.cache.cachedCount(of: .session) == 0 }
        trial.expect(dropped, "everything is dropped when the source is lost")
        for lookup in held.cachedLookups {
          trial.expect(try await world.cache.load(lookup), equals: nil, "\(lookup) after the source was lost")
        }
        // It takes nobody in.
        _ = try await world.cache.load(late.id)
        _ = try await world.store.remove(late.id)
        world.clock.advance(by: .seconds(5))
        trial.expect(
          try await world.cache.load(late.id), equals: nil, "five seconds after it was read without a source")
        let between = trial.session()
        try await world.store.store(between)
        for lookup in between.cachedLookups { _ = try await world.cache.load(lookup) }
        _ = try await world.store.remove(between.id)
        source.restore()
        // One second as a rule; it may have been about to try.
        var turns = 0
        let isBack = await trial.soon {
          if turns % 10_000 == 0 { world.clock.advance(by: .seconds(1)) }
          turns += 1
          return source.listeners == 1
        }
        trial.expect(isBack, "the cache listens again")
        let isEmpty = await trial.soon { world.cache.cachedCount(of: .session) == 0 }
        trial.expect(isEmpty, "what came while the source was away is dropped when it is back")
        for lookup in between.cachedLookups {
          trial.expect(try await world.cache.load(lookup), equals: nil, "\(lookup), removed while the source was away")
        }
      }
    },
    Requirement(
      "cache.close.ends", .cache, "Close closes the store, and afterwards nothing is served from memory.",
      consequence: "A server that has shut down still answers from what it remembers; or its pool stays open.",
      likelyCause: "The cache forgets that it owns what it stands over.", needs: [.cache]
    ) { trial in
      let world = try await trial.cached()
      let session = trial.session()
      try await world.store.store(session)
      for lookup in session.cachedLookups { _ = try await world.cache.load(lookup) }
      let missing = Lookup.id(.session, trial.digest())
      _ = try await world.cache.load(missing)
      try await world.cache.close()
      trial.expect(world.watch[.close], equals: 1, "calls of the store's close")
      try await world.cache.close()
      await trial.expectError(.closed, "the store after the close of the cache") { try await world.store.load(missing) }
      await trial.expectError(
        .closed, of: trial.calls(about: session) + (session.cachedLookups + [missing]).map { .load($0) },
        on: world.cache, "after close")
      trial.expect(world.cache.cachedCount(of: .session), equals: 0, "records held after close")
    },
    Requirement(
      "cache.close.leavesNoTask", .cache, "No task that the cache started outlives its close.",
      consequence: "Each reload of the configuration leaves a listener behind.",
      likelyCause: "The task that listens is cancelled and not waited for, or forgotten.", needs: [.cache]
    ) { trial in
      let source = CheckedSource()
      let world = try await trial.cached(source: source.source)
      try trial.require(await trial.soon { source.listeners == 1 }, "the cache listens")
      let session = trial.session()
      try await world.store.store(session)
      for _ in 0..<3 { _ = try await world.cache.load(session.id) }
      try await world.cache.close()
      trial.expect(world.tasks.running, equals: 0, "tasks that run when close has returned")
      trial.expect(await trial.soon { source.listeners == 0 }, "nobody listens any more")
    },
    Requirement(
      "cache.close.underWay", .cache,
      "A read that is under way when the cache closes ends, with its record or `closed`.",
      consequence: "A shutdown hangs, or a request is never answered.",
      likelyCause: "Whoever waits for another's call is forgotten.", needs: [.cache], deadline: .seconds(12)
    ) { trial in
      let world = try await trial.cached()
      let (session, door) = (trial.session(), Door())
      world.watch.rule { call, proceed throws(AuthCacheError) in
        guard call.operation == .load else { return try await proceed(call) }
        try await door.pass(.load)
        return .record(session)
      }
      let misses = world.cache.counts(of: .session).misses
      async let reading = trial.concurrently(6) { _ in
        try await CallEnding { try await world.cache.load(session.id) }
      }
      _ = await trial.soon { world.cache.counts(of: .session).misses - misses == 6 }
      await trial.letOthersRun()
      async let closing: Void = world.cache.close()
      await trial.letOthersRun()
      door.open()
      try await closing
      for ending in try await reading {
        switch ending {
        case .answered(let record): trial.expect(record, equals: session, "a read beside close")
        case .threw(let error): trial.expect(error.code, equals: .closed, "a read beside close")
        }
      }
      trial.expect(world.cache.cachedCount(of: .session), equals: 0, "records held after close")
      await trial.expectError(.closed, "a read after close") {
        world.watch.rule(nil)
        return try await world.cache.load(session.id)
      }
    },
  ]
}

extension Trial {
  /// A day in the life of a few records, in which the store fails at its call of that number, counted from zero.
  ///
  /// - Returns: how many callers were told, and whether there was no such call.
  fileprivate func sweep(
    _ world: CacheTrial, failing number: Int, _ effect: AuthCacheError.Effect
  ) async throws -> (failed: Int, ended: Bool) {
    let (a, b) = (session(groups: Groups(subject: digest())), session())
    let rotated = a.replacing(
      revision: 2, aliases: properties.aliases ? Aliases(accessToken: digest(), refreshToken: digest()) : Aliases.none)
    let all = Array(Set(a.lookups + b.lookups + rotated.lookups))
    var script: [BackendCall] = [.load(a.id), .store(a), .load(a.id), .load(a.id), .insert(b), .load(b.id)]
    script += a.cachedLookups.map { .load($0) }
    script += [.replace(a, with: rotated)] + rotated.lookups.map { .load($0) }
    script += [.extend(a.id, to: now + .seconds(900)), .load(a.id), .remove(b.id), .load(b.id)]
    if capabilities.contains(.bulk) {
      script += [.storeContents([b]), .loadContents([a.id, b.id]), .removeContents([b.id])]
    }
    if capabilities.contains(.group), let group = a.groups.all.first { script.append(.removeAll(group)) }
    script += [.load(a.id), .consume(a.id), .load(a.id)]

    let calls = Memo(0)
    var failed = 0
    for call in script {
      world.watch.rule { call, proceed throws(AuthCacheError) in
        let turn = calls.with { calls in
          calls += 1
          return calls - 1
        }
        guard turn == number else { return try await proceed(call) }
        if effect == .unknown { _ = try await proceed(call) }
        throw AuthCacheError(.timeout, effect: effect, operation: call.operation, "the check lost the answer")
      }
      let ending = try await CallEnding { try await world.cache.perform(call) }
      world.watch.rule(nil)
      if let error = ending.error {
        failed += 1
        expect(error.code == .timeout && error.effect == effect, "what \(call.operation) throws", found: "\(error)")
      }
      // Not before: what is looked at is in the cache afterwards.
      if ending.error != nil || call == script.last {
        try await expectAgreement(
          of: world, about: all, "after \(call.operation), where call \(number) of the store failed")
      }
    }
    return (failed, calls.with { $0 } <= number)
  }
}
