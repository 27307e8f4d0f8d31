internal import AuthCache

extension Requirement {
  /// What is remembered of records that are not there.
  static let cacheAbsences: [Requirement] = [
    Requirement(
      "cache.absence.remembered", .cache, "A miss is remembered for its own time, and not at all where that is off.",
      consequence: "Every guess at a client id costs a query.",
      likelyCause: "Only what was found is kept.", needs: [.cache]
    ) { trial in
      let world = try await trial.cached(
        CachingConfiguration(sessions: .checked(negative: nil), clients: .checked(negative: .seconds(2))))
      let (session, client) = (trial.session().id, trial.record(.client).id)
      trial.expect(
        try await world.asked { for _ in 0..<4 { _ = try await world.cache.load(client) } }, equals: 1,
        "calls for four reads of one missing client")
      trial.expect(
        try await world.asked { for _ in 0..<4 { _ = try await world.cache.load(session) } }, equals: 4,
        "calls for four reads where misses are not remembered")
    },
    Requirement(
      "cache.absence.brief", .cache, "A remembered miss ends with its time, however often it is asked for.",
      consequence: "A client that was registered elsewhere is unknown here for ever.",
      likelyCause: "Reads renew it, or its end is never looked at.", needs: [.cache]
    ) { trial in
      let world = try await trial.cached(.checked(.checked(negative: .seconds(2))))
      for record in [trial.session(), trial.record(.client)] {
        for lookup in record.cachedLookups {
          _ = try await world.cache.load(lookup)
          for _ in 0..<3 {
            world.clock.advance(by: .milliseconds(666))
            trial.expect(try await world.asked(for: lookup), equals: 0, "calls for \(lookup) within the time")
          }
          world.clock.advance(by: .milliseconds(2))
          trial.expect(try await world.asked(for: lookup), equals: 1, "calls for \(lookup) when the time is over")
        }
      }
    },
    Requirement(
      "cache.absence.forgotten", .cache,
      "A store of a record through the cache ends every remembered miss of its digests.",
      consequence: "The login has just completed, and the next request says \"not found\".",
      likelyCause: "Writes drop records and not misses, or the id and not the aliases.", references: ["litellm#26729"],
      needs: [.cache]
    ) { trial in
      let world = try await trial.cached()
      var ways: [@Sendable (Record) -> [BackendCall]] = [{ [.store($0)] }, { [.insert($0)] }]
      if trial.capabilities.contains(.bulk) { ways.append { [.storeContents([$0])] } }
      let bare = trial.record(.session)
      ways.append { record in
        // The session that is there gets the tokens that were asked for.
        [.store(bare), .replace(bare, with: bare.replacing(revision: 7, aliases: record.aliases))]
      }
      for (number, way) in ways.enumerated() {
        let record = trial.session()
        for lookup in record.lookups { _ = try await world.cache.load(lookup) }
        for call in way(record) { _ = try await world.cache.perform(call) }
        try await trial.expectAgreement(
          of: world, about: record.lookups, "asked for in vain before way \(number) of storing it")
      }
    },
    Requirement(
      "cache.absence.notFromErrors", .cache, "An error is never remembered as a miss.",
      consequence: "A short outage logs everybody out.", likelyCause: "The failed read is taken for nil.",
      needs: [.cache]
    ) { trial in
      let world = try await trial.cached()
      let codes: [AuthCacheError.Code] = [.unavailable, .timeout, .cancelled, .corrupt, .unsupported]
      for code in codes {
        let session = trial.session()
        try await world.store.store(session)
        for lookup in session.cachedLookups {
          world.watch.rule { call, _ throws(AuthCacheError) in
            throw AuthCacheError(code, operation: call.operation, "the check cut the store off")
          }
          await trial.expectError(code, "a read that the store can't answer") { try await world.cache.load(lookup) }
          world.watch.rule(nil)
          trial.expect(try await world.cache.load(lookup), equals: session, "\(lookup) after a \(code)")
          world.cache.flush()
        }
        if trial.capabilities.contains(.bulk) {
          let other = trial.session()
          try await world.store.store(other)
          world.watch.rule { call, _ throws(AuthCacheError) in
            throw AuthCacheError(code, operation: call.operation, "the check cut the store off")
          }
          await trial.expectError(code, "a bulk read that the store can't answer") {
            try await trial.bulk(world.cache).load(contentsOf: [other.id])
          }
          world.watch.rule(nil)
          trial.expect(try await world.cache.load(other.id), equals: other, "after a bulk read ended in \(code)")
        }
      }
    },
    Requirement(
      "cache.absence.bounded", .cache,
      "However many keys are guessed, no more misses are remembered than were allowed.",
      consequence: "Memory grows for as long as somebody guesses tokens.",
      likelyCause: "Misses go into a dictionary that is swept by time alone.", needs: [.cache]
    ) { trial in
      let world = try await trial.cached(.checked(.checked(negativeCapacity: 50)))
      let kept = trial.record(.client)
      try await world.store.store(kept)
      _ = try await world.cache.load(kept.id)
      world.watch.rule { _, _ in .record(nil) }
      var asked: [Lookup] = []
      for number in 0..<20_000 {
        let lookup = Lookup.id(.client, trial.digest())
        if number >= 19_800 { asked.append(lookup) }
        _ = try await world.cache.load(lookup)
      }
      let remembered = world.cache.rememberedCount(of: .client)
      trial.expect(remembered <= 50, "what the cache says it remembers", expected: "at most 50", found: "\(remembered)")
      var served = 0
      for lookup in asked where await world.isRemembered(lookup) { served += 1 }
      trial.expect(served <= 50, "misses that are answered from memory", expected: "at most 50", found: "\(served)")
      trial.expect(served > 0, "the latest misses are remembered")
      trial.expect(await world.isRemembered(kept.id), "a record that was cached before is still")
    },
  ]
}
