internal import AuthCache

extension Requirement {
  static let expiry: [Requirement] = liveness + unusualEnds + sweeping

  /// What is gone at the instant of expiry, operation by operation.
  private static let liveness: [Requirement] = [
    boundary("load", "Load answers nil from the instant of expiry on.") { trial, backend, record in
      trial.expect(try await backend.load(record.id), equals: nil, "load finds nothing")
    },
    boundary("consume", "Consume answers nil from the instant of expiry on.") { trial, backend, record in
      trial.expect(try await backend.consume(record.id), equals: nil, "consume finds nothing")
    },
    boundary("remove", "Remove of an expired record answers false.") { trial, backend, record in
      trial.expect(try await backend.remove(record.id), equals: false, "no live record went")
    },
    boundary("replace", "Replace of an expired record answers false and does not revive it.") {
      trial, backend, record in
      let next = record.replacing(revision: trial.revision(), expiresAt: .some(trial.now + .seconds(600)))
      trial.expect(try await backend.replace(record, with: next), equals: false, "an expired record is not replaced")
      trial.expect(try await backend.load(record.id), equals: nil, "it stays gone")
    },
    boundary("extend", "Extend of an expired record answers false and never revives it.") { trial, backend, record in
      trial.expect(
        try await backend.extend(record.id, to: trial.now + .seconds(600)), equals: false,
        "an expired record is not extended")
      trial.expect(try await backend.load(record.id), equals: nil, "it stays gone")
    },
    boundary("insert", "Insert over an expired record, swept or not, answers true.") { trial, backend, record in
      let fresh = trial.record(record.kind, digest: record.digest)
      trial.expect(try await backend.insert(fresh), equals: true, "an expired record counts as absent")
      trial.expect(try await backend.load(fresh.id), equals: fresh, "the fresh record is there whole")
    },
    boundary("store", "Store over an expired record makes it live again, whole.") { trial, backend, record in
      let fresh = trial.record(record.kind, digest: record.digest)
      try await backend.store(fresh)
      trial.expect(try await backend.load(fresh.id), equals: fresh, "the fresh record is there whole")
    },
    boundary("list", "Listing leaves expired records out.", needs: [.listing]) { trial, backend, record in
      let live = trial.record(record.kind)
      try await backend.store(live)
      let page = try await trial.listing(backend).records(of: record.kind, after: nil, limit: 100)
      trial.expect(page, equals: [live], "the live record alone is listed")
    },
    boundary("bulkLoad", "Bulk load answers nil for expired records.", needs: [.bulk]) { trial, backend, record in
      let lookups = record.lookups
      trial.expect(
        try await trial.bulk(backend).load(contentsOf: lookups), equals: lookups.map { _ in nil },
        "the expired record is not found, by whatever digest")
    },
    boundary("bulkRemove", "Bulk removal of an expired record answers false.", needs: [.bulk]) {
      trial, backend, record in
      let lookups = record.lookups
      trial.expect(
        try await trial.bulk(backend).remove(contentsOf: lookups), equals: lookups.map { _ in false },
        "no live record went, by whatever digest")
    },
    boundary("alias", "An expired session is found under none of its aliases.", needs: [.aliases]) {
      trial, backend, record in
      for lookup in record.lookups {
        trial.expect(try await backend.load(lookup), equals: nil, "load finds nothing by \(lookup.field.rawValue)")
        trial.expect(
          try await backend.extend(lookup, to: trial.now + .seconds(60)), equals: false,
          "extend finds nothing by \(lookup.field.rawValue)")
        trial.expect(
          try await backend.consume(lookup), equals: nil, "consume finds nothing by \(lookup.field.rawValue)")
        trial.expect(
          try await backend.remove(lookup), equals: false, "remove finds nothing by \(lookup.field.rawValue)")
      }
    },
    boundary("group", "Group removal does not count expired records.", needs: [.group]) { trial, backend, record in
      let group = Group.grant(try trial.require(record.groups.grant, "the record has a grant"))
      let live = trial.record(.session, groups: Groups(grant: group.digest))
      try await backend.store(live)
      trial.expect(try await trial.group(backend).removeAll(in: group), equals: 1, "the live record alone is counted")
    },
    Requirement(
      "expiry.instant.before", .expiry,
      "A record is live one millisecond before its end.",
      consequence: "Codes die early, and slow browsers can't log in.",
      likelyCause: "Seconds are compared, or a margin is taken off.",
      references: ["mxcp (<) vs axum-oidc-client (>)"], needs: [.injectedClock]
    ) { trial in
      let backend = try await trial.open()
      let record = trial.record(.session, life: .milliseconds(1_500))
      try await backend.store(record)
      try await trial.advance(by: .milliseconds(1_499))
      trial.expect(try await backend.load(record.id), equals: record, "the record is live until its end")
      trial.expect(
        try await backend.extend(record.id, to: trial.now + .milliseconds(1)), equals: true, "and can be extended")
    },
    Requirement(
      "expiry.store.alreadyExpired", .expiry,
      "A record that is expired already is accepted, replaces what was there, and is never readable.",
      consequence: "A session ended by storing it as expired stays alive.",
      likelyCause: "Writes with a past end are skipped or rejected.",
      references: ["connect-redis#321", "throttled#26"]
    ) { trial in
      let backend = try await trial.open()
      let live = trial.record(.session)
      try await backend.store(live)
      let past = live.replacing(revision: trial.revision(), expiresAt: .some(trial.now))
      try await backend.store(past)
      trial.expect(try await backend.load(live.id), equals: nil, "the expired store took the live record's place")
      let never = Record(
        kind: .code, digest: trial.digest(), revision: 1, createdAt: trial.now - .seconds(60),
        expiresAt: trial.now - .seconds(30), payload: [1])
      trial.expect(try await backend.insert(never), equals: true, "insert of an expired record is accepted")
      trial.expect(try await backend.consume(never.id), equals: nil, "and it is never handed out")
    },
    Requirement(
      "expiry.never.lives", .expiry,
      "A record without an end lives on whatever time it is.",
      consequence: "Registered clients vanish.",
      likelyCause: "A missing end is stored as zero.", needs: [.injectedClock]
    ) { trial in
      let backend = try await trial.open()
      let client = trial.record(.client, life: nil)
      try await backend.store(client)
      try await trial.advance(by: .seconds(3_600 * 24 * 365 * 50))
      trial.expect(try await backend.load(client.id), equals: client, "the client is there after fifty years")
      _ = try await backend.removeExpired(through: trial.now, limit: 1_000)
      trial.expect(try await backend.load(client.id), equals: client, "and a sweep spares it")
    },
    Requirement(
      "expiry.extend.monotone", .expiry,
      "Extend raises the end and never lowers it, and leaves payload and revision alone.",
      consequence: "A slow request cuts a fresh session short.",
      likelyCause: "The new end is written without comparing.",
      references: ["axum-oidc-client 0.5.0"]
    ) { trial in
      let backend = try await trial.open()
      let record = trial.record(.session, life: trial.shortLife * 10)
      try await backend.store(record)
      let later = trial.now + trial.shortLife * 20
      trial.expect(try await backend.extend(record.id, to: later), equals: true, "a later end is taken")
      trial.expect(try await backend.load(record.id), equals: record.extended(to: later), "only the end has changed")
      let earlier = trial.now + trial.shortLife
      trial.expect(
        try await backend.extend(record.id, to: earlier), equals: true,
        "an earlier end answers true: the record is live")
      trial.expect(try await backend.load(record.id)?.expiresAt, equals: later, "and changes nothing")
      trial.expect(try await backend.extend(record.id, to: later), equals: true, "the same end again answers true")
      trial.expect(
        try await backend.extend(record.id, to: trial.now - .seconds(5)), equals: true,
        "an end in the past answers true")
      trial.expect(try await backend.load(record.id)?.expiresAt, equals: later, "and changes nothing either")
    },
    Requirement(
      "expiry.extend.counts", .expiry,
      "An extended record is live until its new end and gone from then on.",
      consequence: "Sessions never slide: users are logged out in the middle of their work.",
      likelyCause: "Extend uses a key built differently from the store's, or minutes for seconds.",
      references: ["axum-oidc-client 0.5.0"], needs: [.injectedClock]
    ) { trial in
      let backend = try await trial.open()
      let record = trial.record(.session, life: .seconds(60))
      try await backend.store(record)
      _ = try await backend.extend(record.id, to: trial.now + .milliseconds(1_800_001))
      try await trial.advance(by: .milliseconds(1_800_000))
      trial.expect(try await backend.load(record.id) != nil, "the record outlives its first end")
      try await trial.advance(by: .milliseconds(1))
      trial.expect(try await backend.load(record.id), equals: nil, "and ends at its new one")
    },
    Requirement(
      "expiry.extend.absent", .expiry,
      "Extend of what is absent answers false and inserts nothing.",
      consequence: "A logged-out session comes back empty.",
      likelyCause: "Extend is an upsert."
    ) { trial in
      let backend = try await trial.open()
      let lookup = Lookup.id(.session, trial.digest())
      trial.expect(try await backend.extend(lookup, to: trial.now + .seconds(60)), equals: false, "nothing to extend")
      trial.expect(try await backend.load(lookup), equals: nil, "nothing was inserted")
    },
    Requirement(
      "expiry.extend.never", .expiry,
      "Extend of a record that never expires answers true and gives it no end.",
      consequence: "A registered client vanishes after its first use.",
      likelyCause: "max of nothing and an end is taken to be the end."
    ) { trial in
      let backend = try await trial.open()
      let client = trial.record(.client, life: nil)
      try await backend.store(client)
      trial.expect(
        try await backend.extend(client.id, to: trial.now + .seconds(60)), equals: true, "the record is live")
      trial.expect(try await backend.load(client.id), equals: client, "it still never expires")
    },
  ]

  /// A requirement about the very instant at which a record ends.
  private static func boundary(
    _ operation: String, _ statement: String, needs: [Need] = [],
    then check: @escaping @Sendable (Trial, any AuthCacheBackend, Record) async throws -> Void
  ) -> Requirement {
    Requirement(
      "expiry.instant.\(operation)", .expiry, statement,
      consequence:
        "At its boundary a record is live for one operation and gone for the next: an expired code is redeemed.",
      likelyCause: "This operation has a liveness test of its own (>= instead of >), or none.",
      references: ["mxcp (<) vs axum-oidc-client (>)", "Hummingbird MemoryPersistDriver"], needs: needs
    ) { trial in
      for (round, past) in [Duration.zero, .milliseconds(1), .seconds(3_600)].enumerated() {
        if past > .seconds(1), trial.properties.clock != .injected { continue }
        let backend = try await trial.open()
        var record = trial.session(life: trial.shortLife, groups: Groups(grant: trial.digest()))
        if operation == "list" {
          // Of each round a kind of its own: its live record is still there in the next.
          let kinds: [RecordKind] = ["first", "second", "third"]
          record = trial.record(kinds[round], life: trial.shortLife)
        }
        try await backend.store(record)
        try await trial.advance(by: trial.shortLife + past)
        try await check(trial, backend, record)
      }
    }
  }

  private static let sweeping: [Requirement] = [
    Requirement(
      "expiry.sweep.removes", .expiry,
      "A sweep removes what ended at or before the cutoff and counts it by kind.",
      consequence: "The table grows without bound.",
      likelyCause: "The sweep has another predicate than the read.",
      references: ["mxcp#110", "thunderid#4256"], needs: [.sweptExpiry, .injectedClock]
    ) { trial in
      let backend = try await trial.open()
      for index in 0..<5 { try await backend.store(trial.record(.code, life: .seconds(10 + index))) }
      for _ in 0..<3 { try await backend.store(trial.record(.state, life: .seconds(12))) }
      try await backend.store(trial.record(.client, life: nil))
      try await trial.advance(by: .seconds(12))
      let removed = try await backend.removeExpired(through: trial.now, limit: 1_000)
      trial.expect(removed, equals: [.code: 3, .state: 3], "what ended at or before the cutoff went, the rest stayed")
      let again = try await backend.removeExpired(through: trial.now, limit: 1_000)
      trial.expect(again, equals: [:], "a second sweep finds nothing")
    },
    Requirement(
      "expiry.sweep.cutoff", .expiry,
      "A sweep spares what ended after its cutoff, though it is expired by now.",
      consequence: "A process with a fast clock erases what is live for the others.",
      likelyCause: "The sweep uses its own now instead of the cutoff.", needs: [.sweptExpiry, .injectedClock]
    ) { trial in
      let backend = try await trial.open()
      try await backend.store(trial.record(.code, life: .seconds(10)))
      try await backend.store(trial.record(.code, life: .seconds(50)))
      try await trial.advance(by: .seconds(60))
      trial.expect(
        try await backend.removeExpired(through: trial.now - .seconds(30), limit: 10), equals: [.code: 1],
        "one ended before the cutoff")
      trial.expect(
        try await backend.removeExpired(through: trial.now, limit: 10), equals: [.code: 1],
        "the other one was still there")
    },
    Requirement(
      "expiry.sweep.limit", .expiry,
      "A sweep removes at most its limit, and repeated sweeps remove everything.",
      consequence: "One huge delete locks the table.",
      likelyCause: "The limit is ignored, or always the same rows are picked.",
      references: ["spring-session#838"], needs: [.sweptExpiry, .injectedClock]
    ) { trial in
      let backend = try await trial.open()
      // Live and endless ones lie between; of the expired there are several kinds.
      for number in 0..<80 {
        try await backend.store(trial.record(.client, life: number % 2 == 0 ? nil : .seconds(900)))
      }
      for number in 0..<25 {
        try await backend.store(trial.record([.state, .code, .verifier][number % 3], life: .seconds(5)))
      }
      try await trial.advance(by: .seconds(5))
      var counts: [Int] = []
      for _ in 0..<4 { counts.append(try await backend.removeExpired(through: trial.now, limit: 10).total) }
      trial.expect(counts, equals: [10, 10, 5, 0], "batches of ten, then the rest, then nothing")
      try await backend.store(trial.record(.state, life: .zero))
      trial.expect(
        try await backend.removeExpired(through: trial.now, limit: 0), equals: [:], "a limit of zero removes nothing")
      trial.expect(
        try await backend.removeExpired(through: trial.now, limit: .max), equals: [.state: 1],
        "the largest limit there is removes everything")
    },
    Requirement(
      "expiry.sweep.sparesLive", .expiry,
      "A sweep leaves every live record, also one stored anew or extended after it had ended.",
      consequence: "A record just stored is lost.",
      likelyCause: "The sweep deletes by keys that it found earlier, or by an index entry that is out of date.",
      references: ["do-indeksa#347"], needs: [.sweptExpiry, .injectedClock]
    ) { trial in
      let backend = try await trial.open()
      let extended = trial.record(.session, life: .seconds(10))
      let renewed = trial.record(.session, life: .seconds(10))
      let replaced = trial.record(.session, life: .seconds(10))
      for record in [extended, renewed, replaced] { try await backend.store(record) }
      _ = try await backend.extend(extended.id, to: trial.now + .seconds(100))
      _ = try await backend.replace(
        replaced, with: replaced.replacing(revision: trial.revision(), expiresAt: .some(trial.now + .seconds(100))))
      try await trial.advance(by: .seconds(20))
      try await backend.store(
        renewed.replacing(revision: trial.revision(), expiresAt: .some(trial.now + .seconds(100))))
      trial.expect(try await backend.removeExpired(through: trial.now, limit: 100), equals: [:], "nothing is expired")
      for record in [extended, renewed, replaced] {
        trial.expect(try await backend.load(record.id) != nil, "a live record is still there")
      }
    },
    Requirement(
      "expiry.sweep.future", .expiry,
      "A sweep with a cutoff later than now throws invalidArgument and removes nothing.",
      consequence: "A wrong clock or unit logs everybody out.",
      likelyCause: "The cutoff is taken as it comes."
    ) { trial in
      let backend = try await trial.open()
      let record = trial.record(.session, life: .seconds(600))
      try await backend.store(record)
      await trial.expectError(
        .invalidArgument, effect: AuthCacheError.Effect.none, "a sweep into the future is refused"
      ) {
        try await backend.removeExpired(through: trial.now + .seconds(3_600), limit: 10)
      }
      trial.expect(try await backend.load(record.id), equals: record, "nothing was removed")
    },
    Requirement(
      "expiry.sweep.negativeLimit", .expiry,
      "A sweep with a negative limit throws invalidArgument.",
      consequence: "An unlimited delete locks the table.",
      likelyCause: "A negative LIMIT means no limit in SQL."
    ) { trial in
      let backend = try await trial.open()
      await trial.expectError(.invalidArgument, effect: AuthCacheError.Effect.none, "a negative limit is refused") {
        try await backend.removeExpired(through: trial.now, limit: -1)
      }
    },
    Requirement(
      "expiry.sweep.aliases", .expiry,
      "What a sweep removed holds no alias and is in no group any more.",
      consequence: "A token can't be issued again, or a revocation counts ghosts.",
      likelyCause: "An index is not cleaned with the record.", needs: [.aliases, .sweptExpiry, .injectedClock]
    ) { trial in
      let backend = try await trial.open()
      let grant = Group.grant(trial.digest())
      let old = trial.session(life: .seconds(10), groups: Groups(grant: grant.digest))
      try await backend.store(old)
      try await trial.advance(by: .seconds(10))
      _ = try await backend.removeExpired(through: trial.now, limit: 10)
      let new = trial.record(.session, aliases: old.aliases)
      try await backend.store(new)
      let anew = trial.record(.session, digest: old.digest)
      trial.expect(try await backend.insert(anew), equals: true, "the id is free")
      if let groups = backend as? any GroupBackend {
        trial.expect(try await groups.removeAll(in: grant), equals: 0, "its group is empty")
      }
      for lookup in new.lookups {
        trial.expect(try await backend.load(lookup), equals: new, "the aliases belong to the new session")
      }
      trial.expect(try await backend.load(anew.id), equals: anew, "and the id to the one stored anew")
    },
    Requirement(
      "expiry.sweep.once", .expiry,
      "Sweepers that run at once remove each record once: their counts add up.",
      consequence: "Deadlocks between sweepers, or counts that mislead.",
      likelyCause: "The sweep counts what it found instead of what it deleted.",
      references: ["spring-session#838"], needs: [.sweptExpiry, .injectedClock]
    ) { trial in
      let backend = try await trial.open()
      for _ in 0..<60 { try await backend.store(trial.record(.code, life: .seconds(5))) }
      try await trial.advance(by: .seconds(5))
      let now = trial.now
      let counts = try await trial.concurrently(4) { _ in
        var total = 0
        for _ in 0..<20 { total += try await backend.removeExpired(through: now, limit: 7).total }
        return total
      }
      trial.expect(counts.reduce(0, +), equals: 60, "sixty records were removed, each once")
    },
  ]
}
