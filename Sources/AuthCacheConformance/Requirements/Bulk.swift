internal import AuthCache

extension Requirement {
  static let bulk: [Requirement] = batches + largeBatches

  private static let batches: [Requirement] = [
    Requirement(
      "bulk.store.equalsLoop", .bulk,
      "Bulk store leaves what storing one after the other leaves.",
      consequence: "An import differs from what the application would have written.",
      likelyCause: "The bulk statement covers other columns than the single one.",
      references: ["mxcp#192"], needs: [.bulk]
    ) { trial in
      let backend = try await trial.open()
      let bulk = try trial.bulk(backend)
      let old = (0..<10).map { _ in trial.session(groups: Groups(grant: trial.digest())) }
      try await bulk.store(contentsOf: old)
      let new =
        old.prefix(5).map {
          trial.session(groups: Groups(subject: trial.digest())).moved(to: $0.digest)
        } + (0..<5).map { _ in trial.session() }
      try await bulk.store(contentsOf: new)
      for record in new + old[5...] {
        for lookup in record.lookups {
          trial.expect(try await backend.load(lookup), equals: record, "found by \(lookup.field.rawValue) as stored")
        }
      }
      for lookup in old.prefix(5).flatMap({ $0.lookups.dropFirst() }) {
        trial.expect(try await backend.load(lookup), equals: nil, "a replaced record's alias finds nothing")
      }
    },
    Requirement(
      "bulk.store.lastWins", .bulk,
      "Of two records with one id in a bulk store the last wins.",
      consequence: "An import fails, or keeps the older session.",
      likelyCause: "One upsert statement may not touch a row twice.",
      references: ["Postgres: ON CONFLICT DO UPDATE command cannot affect row a second time"], needs: [.bulk]
    ) { trial in
      let backend = try await trial.open()
      let first = trial.session()
      let second = trial.session().moved(to: first.digest)
      let third = second.replacing(revision: trial.revision(), payload: [3])
      try await trial.bulk(backend).store(contentsOf: [first, trial.session(), second, third])
      trial.expect(try await backend.load(first.id), equals: third, "the last one is there")
      for lookup in first.lookups.dropFirst() {
        trial.expect(
          try await backend.load(lookup), equals: nil, "the first one's \(lookup.field.rawValue) finds nothing")
      }
      for lookup in third.lookups {
        trial.expect(try await backend.load(lookup), equals: third, "the last one's \(lookup.field.rawValue) finds it")
      }
    },
    Requirement(
      "bulk.store.allOrNothing", .bulk,
      "A bulk store that fails at any element stores nothing.",
      consequence: "Half a batch is stored, and the caller is told nothing of which half.",
      likelyCause: "Chunks are committed one by one.", needs: [.bulk, .aliases]
    ) { trial in
      let backend = try await trial.open()
      let holder = trial.session()
      try await backend.store(holder)
      for position in [0, 1, 7] {
        var batch = (0..<8).map { _ in trial.session() }
        batch[position] = trial.record(.session, aliases: Aliases(accessToken: holder.aliases.accessToken))
        await trial.expectError(.conflict, effect: AuthCacheError.Effect.none, "element \(position) is in conflict") {
          try await trial.bulk(backend).store(contentsOf: batch)
        }
        for lookup in batch.flatMap(\.lookups) where lookup.digest != holder.aliases.accessToken {
          trial.expect(try await backend.load(lookup), equals: nil, "nothing of the batch is there")
        }
        trial.expect(try await backend.load(holder.id), equals: holder, "the holder is untouched")
      }
      let taking = trial.record(.session, aliases: holder.aliases)
      let without = taking.replacing(revision: trial.revision(), aliases: Aliases.none)
      await trial.expectError(.conflict, "a record is in conflict that a later one of the batch replaces") {
        try await trial.bulk(backend).store(contentsOf: [taking, without])
      }
      trial.expect(try await backend.load(without.id), equals: nil, "nothing of the batch is there")
    },
    Requirement(
      "bulk.store.conflictWithin", .bulk,
      "Two live records with one alias in one bulk store are a conflict, as they are one after the other.",
      consequence: "Two sessions under one token.",
      likelyCause: "The batch is compared with the table and not with itself.", needs: [.bulk, .aliases]
    ) { trial in
      let backend = try await trial.open()
      let aliases = Aliases(accessToken: trial.digest())
      let batch = [trial.record(.session, aliases: aliases), trial.record(.session, aliases: aliases)]
      await trial.expectError(.conflict, "the batch is refused") {
        try await trial.bulk(backend).store(contentsOf: batch)
      }
      for record in batch { trial.expect(try await backend.load(record.id), equals: nil, "nothing was stored") }
    },
    Requirement(
      "bulk.store.handsOver", .bulk,
      "An alias may pass from one record to another within a bulk store, in order.",
      consequence: "A valid import is refused.",
      likelyCause: "All conflicts are judged before anything is written.", needs: [.bulk, .aliases]
    ) { trial in
      let backend = try await trial.open()
      let giver = trial.session()
      try await backend.store(giver)
      let taker = trial.record(.session, aliases: giver.aliases)
      let stripped = giver.replacing(revision: trial.revision(), aliases: Aliases.none)
      try await trial.bulk(backend).store(contentsOf: [stripped, taker])
      trial.expect(try await backend.load(giver.id), equals: stripped, "the giver lives on without")
      for lookup in taker.lookups {
        trial.expect(try await backend.load(lookup), equals: taker, "the taker is found by \(lookup.field.rawValue)")
      }
    },
    Requirement(
      "bulk.load.order", .bulk,
      "Bulk load answers in the order asked, nil where nothing is live, repeats included.",
      consequence: "One caller gets another's session.",
      likelyCause: "The rows come in the table's order, or absent ones are left out.", needs: [.bulk]
    ) { trial in
      let backend = try await trial.open()
      let records = (0..<6).map { _ in trial.session() }
      for record in records { try await backend.store(record) }
      let absent = Lookup.id(.session, trial.digest())
      let asked = [
        records[3].id, absent, records[0].lookups[records[0].lookups.count - 1], records[3].id, records[5].id, absent,
      ]
      let expected: [Record?] = [records[3], nil, records[0], records[3], records[5], nil]
      trial.expect(try await trial.bulk(backend).load(contentsOf: asked), equals: expected, "in the order asked")
    },
    Requirement(
      "bulk.remove.equalsLoop", .bulk,
      "Bulk removal answers for each lookup whether a live record went; a repeated one answers false.",
      consequence: "A caller believes that a session ended that did not.",
      likelyCause: "The answers are those of the affected row count.", needs: [.bulk]
    ) { trial in
      let backend = try await trial.open()
      let records = (0..<4).map { _ in trial.session() }
      for record in records { try await backend.store(record) }
      let asked = [
        records[1].id, .id(.session, trial.digest()), records[2].lookups[records[2].lookups.count - 1], records[1].id,
        records[2].id,
      ]
      trial.expect(
        try await trial.bulk(backend).remove(contentsOf: asked), equals: [true, false, true, false, false],
        "each lookup has its own answer")
      for (index, record) in records.enumerated() {
        trial.expect(
          try await backend.load(record.id), equals: [1, 2].contains(index) ? nil : record,
          "what was named went, the rest stayed")
      }
    },
    Requirement(
      "bulk.kinds.mixed", .bulk,
      "Bulk operations take records and lookups of several kinds at once, and answer each as its own kind.",
      consequence: "An import of states and sessions turns all of them into states.",
      likelyCause: "The kind of the first element is bound for all of them.", needs: [.bulk]
    ) { trial in
      let backend = try await trial.open()
      let bulk = try trial.bulk(backend)
      let digest = trial.digest()
      // One digest under every kind, and kinds of one record each in turns.
      let records =
        RecordKind.standard.map { trial.record($0, digest: digest) }
        + [.session, .code, .session, .client].map { trial.record($0) } + [trial.session()]
      try await bulk.store(contentsOf: records)
      for record in records {
        trial.expect(try await backend.load(record.id), equals: record, "the \(record.kind) is there as such")
      }
      let lookups = records.map(\.id)
      let found = try await bulk.load(contentsOf: lookups)
      trial.expect(found, equals: records, "each lookup finds the record of its kind")
      let some = lookups.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
      trial.expect(
        try await bulk.remove(contentsOf: some), equals: some.map { _ in true },
        "each lookup removes the one of its kind")
      let left = records.enumerated().map { $0.offset.isMultiple(of: 2) ? nil : $0.element }
      trial.expect(try await bulk.load(contentsOf: lookups), equals: left, "and no other")
    },
    Requirement(
      "bulk.empty.noOp", .bulk,
      "Empty input is a no-op.",
      consequence: "A sweep of nothing is a syntax error.",
      likelyCause: "An empty IN list.", needs: [.bulk]
    ) { trial in
      let backend = try await trial.open()
      let record = trial.record()
      try await backend.store(record)
      let bulk = try trial.bulk(backend)
      try await bulk.store(contentsOf: [])
      trial.expect(try await bulk.remove(contentsOf: []), equals: [], "nothing removed")
      trial.expect(try await bulk.load(contentsOf: []), equals: [], "nothing loaded")
      trial.expect(try await backend.load(record.id), equals: record, "and nothing changed")
    },
    Requirement(
      "bulk.expired.accepted", .bulk,
      "Bulk store accepts records that are expired already; they replace and are never readable.",
      consequence: "An import of old sessions brings them back.",
      likelyCause: "Expired records are left out of the statement, so the old ones stay.", needs: [.bulk]
    ) { trial in
      let backend = try await trial.open()
      let live = trial.record(.session)
      try await backend.store(live)
      let ended = live.replacing(revision: trial.revision(), expiresAt: .some(trial.now))
      try await trial.bulk(backend).store(contentsOf: [ended, trial.record(.session, life: .zero)])
      trial.expect(try await trial.bulk(backend).load(contentsOf: [live.id]), equals: [nil], "the record ended")
    },
    Requirement(
      "bulk.fallback.parity", .bulk,
      "storeEach, loadEach and removeEach answer the same with and without the bulk capability.",
      consequence: "Code tested on one database behaves differently on another.",
      likelyCause: "The fallback loop and the bulk operation have grown apart.",
      references: ["mxcp#192"]
    ) { trial in
      let backend = try await trial.open()
      let narrow = backend.narrowed()
      var answers: [[String]] = []
      for subject in [backend, narrow] {
        let records = (0..<6).map { _ in trial.record(.code) }
        try await subject.storeEach(records + [records[2]])
        let found = try await subject.loadEach(records.map(\.id) + [.id(.code, trial.digest())])
        let removed = try await subject.removeEach([records[0].id, records[0].id, .id(.code, trial.digest())])
        let left = try await subject.loadEach(records.map(\.id))
        answers.append([found.map { "\($0 != nil)" }.joined(), "\(removed)", left.map { "\($0 != nil)" }.joined()])
      }
      trial.expect(answers[0], equals: answers[1], "the same answers either way")
      trial.expect(
        answers[1], equals: ["truetruetruetruetruetruefalse", "[true, false, false]", "falsetruetruetruetruetrue"],
        "and the right ones")
    },
  ]
}

extension Record {
  /// This record under another id.
  func moved(to digest: RecordDigest) -> Record {
    Record(
      kind: kind, digest: digest, revision: revision, createdAt: createdAt, expiresAt: expiresAt, aliases: aliases,
      groups: groups, payload: payload)
  }
}
