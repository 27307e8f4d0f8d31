internal import AuthCache

extension Requirement {
  static let durability: [Requirement] = reopenings + crashes

  private static let lasting: [Need] = [.reopen, .durability(.process)]

  /// What is there after a close and a reopening.
  private static let reopenings: [Requirement] = [
    Requirement(
      "durability.reopen.findsEverything", .durability,
      "After a close and a reopening every live record is found whole, under its id and its aliases.",
      consequence: "With every restart everybody is logged out.",
      likelyCause: "The table is unlogged, or the records lie in memory.",
      references: ["axum-oidc-client 0.5.0: UNLOGGED"], needs: lasting
    ) { trial in
      let backend = try await trial.open()
      var records = RecordKind.standard.map { kind in
        trial.record(
          kind, groups: Groups(subject: trial.digest(), providerSession: trial.digest(), grant: trial.digest()))
      }
      records += [
        trial.session(), trial.record(.client, life: nil), trial.record(.code, payload: []),
        trial.record(.session, payload: trial.entropy.bytes(5_000)),
      ]
      for record in records { try await backend.store(record) }
      try await backend.close()
      let reopened = try await trial.reopen()
      for record in records {
        for lookup in record.lookups {
          trial.expect(try await reopened.load(lookup), equals: record, "the \(lookup) is there after a reopening")
        }
      }
    },
    Requirement(
      "durability.reopen.consumedStaysConsumed", .durability,
      "What was consumed or removed before a reopening stays absent after it.",
      consequence: "After a restart every code of the last minute can be redeemed again.",
      likelyCause: "Only what is written is logged, not what is deleted.", references: ["RFC 6749 §4.1.2"],
      needs: lasting
    ) { trial in
      let backend = try await trial.open()
      let (consumed, removed) = (trial.record(.code), trial.session())
      try await backend.store(consumed)
      try await backend.store(removed)
      trial.expect(try await backend.consume(consumed.id), equals: consumed, "the code is consumed")
      trial.expect(try await backend.remove(removed.id), equals: true, "the session is removed")
      try await backend.close()
      let reopened = try await trial.reopen()
      trial.expect(try await reopened.consume(consumed.id), equals: nil, "a consumed code stays consumed")
      for lookup in removed.lookups {
        trial.expect(try await reopened.load(lookup), equals: nil, "a removed session stays absent")
      }
    },
    Requirement(
      "durability.reopen.changesStay", .durability,
      "What was replaced or extended before a reopening is so after it, and old aliases find nothing.",
      consequence: "After a restart an old refresh token is good again, and sessions end that were in use.",
      likelyCause: "Only the first write of a record is made durable.", needs: lasting
    ) { trial in
      let backend = try await trial.open()
      let (first, extended) = (trial.session(), trial.session())
      let next = first.replacing(revision: trial.revision(), aliases: trial.session().aliases)
      try await backend.store(first)
      try await backend.store(extended)
      trial.expect(try await backend.replace(first, with: next), equals: true, "the session is replaced")
      let end = trial.now + .seconds(3_600)
      trial.expect(try await backend.extend(extended.id, to: end), equals: true, "the session is extended")
      try await backend.close()
      let reopened = try await trial.reopen()
      trial.expect(try await reopened.load(first.id), equals: next, "the successor is there")
      for lookup in first.lookups.dropFirst() {
        trial.expect(try await reopened.load(lookup), equals: nil, "an old alias finds nothing")
      }
      trial.expect(try await reopened.load(extended.id), equals: extended.extended(to: end), "the later end is kept")
    },
    Requirement(
      "durability.reopen.insertedIsThere", .durability,
      "What was inserted before a reopening is there after it, and its id and aliases are taken.",
      consequence: "With every restart the logins that are under way fail, and a spent id can be taken again.",
      likelyCause: "An insert goes another way than a store, past the log.", needs: lasting
    ) { trial in
      let backend = try await trial.open()
      let records = [trial.session(), trial.record(.state), trial.record(.code)]
      // All at once, as a store that merges writes has them.
      let answers = try await trial.concurrently(records.count) { try await backend.insert(records[$0]) }
      trial.expect(answers, equals: records.map { _ in true }, "each is inserted")
      try await backend.close()
      let reopened = try await trial.reopen()
      for record in records {
        for lookup in record.lookups {
          trial.expect(try await reopened.load(lookup), equals: record, "the \(lookup) is there after a reopening")
        }
        let again = record.replacing(revision: trial.revision(), aliases: Aliases.none)
        trial.expect(try await reopened.insert(again), equals: false, "its id is taken")
      }
    },
    Requirement(
      "durability.reopen.groupStaysRemoved", .durability,
      "A group that was removed before a reopening stays absent after it.",
      consequence: "After a restart the sessions that a user had ended everywhere are good again.",
      likelyCause: "The group is forgotten in memory and not in the store.", needs: lasting + [.group]
    ) { trial in
      let backend = try await trial.open()
      let subject = trial.digest()
      let members = (0..<4).map { _ in trial.session(groups: Groups(subject: subject)) }
      for record in members { try await backend.store(record) }
      trial.expect(try await trial.group(backend).removeAll(in: .subject(subject)), equals: 4, "four sessions go")
      try await backend.close()
      let reopened = try await trial.reopen()
      for lookup in members.flatMap(\.lookups) {
        trial.expect(try await reopened.load(lookup), equals: nil, "a member of the group stays absent")
      }
    },
    Requirement(
      "durability.reopen.batchIsThere", .durability, "A batch that was stored before a reopening is there after it.",
      consequence: "What a buffer flushed in bulk is lost with the next restart.",
      likelyCause: "Bulk writes bypass the log.", needs: lasting + [.bulk]
    ) { trial in
      let backend = try await trial.open()
      let records = (0..<25).map { _ in trial.session() }
      try await trial.bulk(backend).store(contentsOf: records)
      try await backend.close()
      let found = try await trial.bulk(trial.reopen()).load(contentsOf: records.map(\.id))
      trial.expect(found, equals: records, "the batch is there, whole and in order")
    },
  ]
}
