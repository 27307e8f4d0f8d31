internal import AuthCache

extension Requirement {
  /// What batches owe to their callers when they are too large for one statement.
  static let largeBatches: [Requirement] = [
    Requirement(
      "bulk.size.unlimited", .bulk,
      "Bulk operations take more elements than an engine binds parameters.",
      consequence: "Errors at scale only.",
      likelyCause: "One statement for everything: SQLite binds 32,766 parameters, Postgres 65,535.",
      references: ["SQLite: SQLITE_MAX_VARIABLE_NUMBER", "PostgreSQL: protocol limit of 65,535 parameters"],
      needs: [.bulk]
    ) { trial in
      let backend = try await trial.open()
      let bulk = try trial.bulk(backend)
      let count = 9_000
      let records = (0..<count).map { trial.record(.code, payload: [UInt8($0 % 251)]) }
      try await bulk.store(contentsOf: records)
      let lookups = records.map(\.id)
      // More lookups than either engine binds.
      let many = (0..<8).flatMap { _ in lookups }
      let loaded = try await bulk.load(contentsOf: many)
      trial.expect(loaded.count, equals: many.count, "an answer for each")
      trial.expect(zip(loaded, many).allSatisfy { $0?.digest == $1.digest }, "each its own record")
      trial.expect(try await bulk.remove(contentsOf: lookups).count { $0 }, equals: count, "all of them went")
    },
    Requirement(
      "bulk.size.oneUnit", .bulk,
      "A bulk store is one unit whatever its size: one conflict at its end, and nothing of it is there.",
      consequence: "An import that failed has stored two thirds of its sessions, and its repetition fails for good.",
      likelyCause: "Each statement of a large batch is a transaction of its own.", needs: [.bulk, .aliases]
    ) { trial in
      let backend = try await trial.open()
      let bulk = try trial.bulk(backend)
      let holder = trial.session()
      try await backend.store(holder)
      let token = trial.digest()
      func batch(first: Aliases, last: Aliases) -> [Record] {
        let others = (0..<(large - 2)).map { _ in trial.record(.code, payload: [1]) }
        return [trial.record(.session, aliases: first)] + others + [trial.record(.session, aliases: last)]
      }
      let token1 = Aliases(accessToken: token)
      for (batch, what) in [
        (batch(first: .none, last: Aliases(accessToken: holder.aliases.accessToken)), "the last holds another's token"),
        (batch(first: token1, last: token1), "the first and the last hold one token"),
      ] {
        await trial.expectError(.conflict, effect: AuthCacheError.Effect.none, "of \(large) records \(what)") {
          try await bulk.store(contentsOf: batch)
        }
        let stored = try await bulk.load(contentsOf: batch.map(\.id)).count { $0 != nil }
        trial.expect(stored, equals: 0, "nothing of the batch is there")
        trial.expect(try await backend.load(.accessToken(token)), equals: nil, "nor is anything under its token")
        trial.expect(try await backend.load(holder.id), equals: holder, "the holder is untouched")
      }
    },
    Requirement(
      "bulk.size.lastWins", .bulk,
      "Of two records with one id in a bulk store the last wins, also where thousands of others lie between them.",
      consequence: "Of a large import the older state of a session is kept.",
      likelyCause: "The statements of a large batch are sent side by side.", needs: [.bulk]
    ) { trial in
      let backend = try await trial.open()
      let bulk = try trial.bulk(backend)
      let firsts = (0..<3).map { _ in trial.session() }
      let lasts = firsts.map { $0.replacing(revision: trial.revision(), aliases: Aliases.none, payload: [2]) }
      let others = (0..<large).map { _ in trial.record(.code, payload: [1]) }
      try await bulk.store(contentsOf: firsts + others + lasts)
      for (first, last) in zip(firsts, lasts) {
        trial.expect(try await backend.load(last.id), equals: last, "the last one is there")
        for lookup in first.lookups.dropFirst() {
          trial.expect(
            try await backend.load(lookup), equals: nil, "the first one's \(lookup.field.rawValue) finds nothing")
        }
      }
      trial.expect(try await bulk.load(contentsOf: others.map(\.id)), equals: others, "and so are all between them")
    },
    Requirement(
      "bulk.size.answersInOrder", .bulk,
      "Bulk load and bulk removal answer each of thousands of lookups in its place, those that find nothing included.",
      consequence: "One caller gets another's session, or believes that it ended.",
      likelyCause: "The answers of a large batch are put together as its statements end.", needs: [.bulk]
    ) { trial in
      let backend = try await trial.open()
      let bulk = try trial.bulk(backend)
      let records = (0..<large).map { trial.record(.code, payload: [UInt8($0 % 251)]) }
      // Every seventh was never stored.
      let stored = records.enumerated().filter { !$0.offset.isMultiple(of: 7) }.map(\.element)
      try await bulk.store(contentsOf: stored)
      let lookups = records.map(\.id)
      let expected = records.enumerated().map { $0.offset.isMultiple(of: 7) ? nil : $0.element }
      trial.expect(try await bulk.load(contentsOf: lookups) == expected, "each lookup is answered in its place")
      trial.expect(
        try await bulk.remove(contentsOf: lookups) == expected.map { $0 != nil }, "so is each removal")
      trial.expect(try await bulk.load(contentsOf: lookups).count { $0 != nil }, equals: 0, "all of them went")
    },
  ]

  /// More than any store writes with one statement, and not a multiple of anything.
  private static let large = 2_503
}
