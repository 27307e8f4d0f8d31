internal import AuthCache

extension Requirement {
  static let concurrency: [Requirement] =
    histories + races + races2 + tokenRaces + sharedRaces + staleness + crowds + processRaces

  /// Many callers and one record.
  private static let races: [Requirement] = [
    Requirement(
      "record.insert.oneWinner", .concurrency,
      "Of many tasks that insert under one id at once exactly one is told that it did, and its record is there.",
      consequence: "Two logins under one state both believe that it is theirs, and one silently loses its data.",
      likelyCause: "Presence is tested in one call and the record is written in another.",
      references: ["tower-sessions: the default `create` calls `save`"]
    ) { trial in
      let backend = try await trial.open()
      for _ in 0..<15 {
        let digest = trial.digest()
        let records = (0..<12).map { _ in trial.record(.state, digest: digest) }
        let answers = try await trial.concurrently(records.count) { try await backend.insert(records[$0]) }
        let winners = zip(records, answers).filter(\.1).map(\.0)
        try trial.require(
          winners.count == 1, "one of twelve inserts wins", expected: "1 winner", found: "\(winners.count) winners")
        trial.expect(try await backend.load(.id(.state, digest)), equals: winners[0], "the winner's record is there")
      }
    },
    Requirement(
      "session.replace.oneWinner", .concurrency,
      "Of many tasks that replace one revision at once exactly one succeeds, and its successor is there.",
      consequence: "Two requests rotate one refresh token, both mint new tokens, and one of the two is logged out.",
      likelyCause: "The revision is compared in one call and the record is written in another.",
      references: ["RFC 9700 §4.14.2", "nocturne#326", "oauth2-proxy#1992"]
    ) { trial in
      let backend = try await trial.open()
      for _ in 0..<15 {
        let current = trial.record(.session)
        try await backend.store(current)
        let next = (0..<12).map { _ in
          current.replacing(revision: trial.revision(), payload: Payload(trial.entropy.bytes(32)))
        }
        let answers = try await trial.concurrently(next.count) { try await backend.replace(current, with: next[$0]) }
        let winners = zip(next, answers).filter(\.1).map(\.0)
        try trial.require(
          winners.count == 1, "one of twelve replaces wins", expected: "1 winner", found: "\(winners.count) winners")
        trial.expect(try await backend.load(current.id), equals: winners[0], "the winner's successor is there")
      }
    },
    Requirement(
      "session.replace.neverUndoesRemoval", .concurrency,
      "A record that is removed while others replace it stays removed.",
      consequence:
        "A request that was under way when the user logged out saves the session again: the logout is undone.",
      likelyCause: "The save is an upsert, or is repeated when it finds nothing.",
      references: ["expressjs/session#632", "nextjs-auth0#2530", "vertx-web#2771"]
    ) { trial in
      let backend = try await trial.open()
      for _ in 0..<25 {
        let current = trial.record(.session)
        try await backend.store(current)
        let next = (0..<4).map { _ in current.replacing(revision: trial.revision()) }
        _ = try await trial.concurrently(next.count + 1) { number in
          if number == 2 { return try await backend.remove(current.id) }
          return try await backend.replace(current, with: next[number > 2 ? number - 1 : number])
        }
        trial.expect(try await backend.load(current.id), equals: nil, "after a remove and four replaces it is absent")
      }
    },
    Requirement(
      "session.extend.neverRevives", .concurrency,
      "A record that is consumed while others extend it stays consumed.",
      consequence: "A code or a session that was used up can be used a second time.",
      likelyCause: "To extend, the record is read in one call and written back in another.",
      references: ["axum-oidc-client 0.5.0"]
    ) { trial in
      let backend = try await trial.open()
      for _ in 0..<25 {
        let record = trial.record(.session)
        try await backend.store(record)
        let later = trial.now + .seconds(3_600)
        let answers = try await trial.concurrently(5) { number -> Bool in
          if number == 2 { return try await backend.consume(record.id) != nil }
          return try await backend.extend(record.id, to: later)
        }
        trial.expect(answers[2], equals: true, "the consumer receives the record")
        trial.expect(try await backend.load(record.id), equals: nil, "after it was consumed it is absent")
      }
    },
  ]

  private static let races2: [Requirement] = [
    Requirement(
      "record.store.neverMixed", .concurrency,
      "Of many stores under one id at once one wins whole: its payload, times, groups and aliases.",
      consequence: "A session carries the payload of one login and the tokens of another.",
      likelyCause: "One record is written by several statements without a transaction."
    ) { trial in
      let backend = try await trial.open()
      for _ in 0..<12 {
        let digest = trial.digest()
        let records = (0..<8).map { number in
          trial.record(
            .session, digest: digest, life: .seconds(600 + number),
            aliases: trial.properties.aliases ? Aliases(accessToken: trial.digest()) : .none,
            groups: Groups(subject: trial.digest()))
        }
        _ = try await trial.concurrently(records.count) { try await backend.store(records[$0]) }
        let found = try trial.require(try await backend.load(.id(.session, digest)), "a record is there")
        trial.expect(records.contains(found), "the record is one of those that were stored, whole")
        guard trial.properties.aliases else { continue }
        for record in records {
          for alias in record.lookups.dropFirst() {
            let expected = record.revision == found.revision ? found : nil
            trial.expect(try await backend.load(alias), equals: expected, "only the winner's alias finds a record")
          }
        }
      }
    },
    Requirement(
      "record.load.neverTorn", .concurrency,
      "A load beside stores of the same record sees one of the stored records whole.",
      consequence: "A request is served a session with somebody else's payload for an instant.",
      likelyCause: "One record is read by several statements outside a transaction."
    ) { trial in
      let backend = try await trial.open()
      let digest = trial.digest()
      let records = (0..<40).map { number in
        trial.record(.session, digest: digest, life: .seconds(600 + number), groups: Groups(subject: trial.digest()))
      }
      try await backend.store(records[0])
      let found = try await trial.concurrently(6) { task -> [Record?] in
        if task < 2 {
          for record in records {
            try await backend.store(record)
            await Task.yield()
          }
          return []
        }
        var found: [Record?] = []
        for _ in 0..<40 {
          found.append(try await backend.load(.id(.session, digest)))
          await Task.yield()
        }
        return found
      }
      for record in found.joined() {
        guard let record else {
          trial.fail("a record that is stored all the time is found at every load", expected: "a record", found: "nil")
          return
        }
        guard trial.expect(records.contains(record), "what is loaded was stored so") else { return }
      }
    },
    Requirement(
      "session.consume.onceByAnyAlias", .concurrency,
      "Of many tasks that consume one session at once, by its id and by its aliases, exactly one receives it.",
      consequence: "A refresh token is spent twice: once by itself and once through its session.",
      likelyCause: "What is locked is the digest in the call and not the record.", needs: [.aliases]
    ) { trial in
      let backend = try await trial.open()
      for _ in 0..<20 {
        let session = trial.session()
        try await backend.store(session)
        let lookups = session.lookups
        let answers = try await trial.concurrently(12) { try await backend.consume(lookups[$0 % lookups.count]) }
        trial.expect(answers.compactMap { $0 }, equals: [session], "one of twelve consumers receives the session")
        for lookup in lookups { trial.expect(try await backend.load(lookup), equals: nil, "it is absent afterwards") }
      }
    },
    Requirement(
      "session.insert.oneHolder", .concurrency,
      "Of many sessions that are inserted under one access token at once exactly one is stored.",
      consequence: "Two sessions answer to one token, and which user a request belongs to is chance.",
      likelyCause: "That the alias is free is tested in one call and the record is written in another.",
      needs: [.aliases]
    ) { trial in
      let backend = try await trial.open()
      for _ in 0..<15 {
        let token = trial.digest()
        let sessions = (0..<8).map { _ in trial.record(.session, aliases: Aliases(accessToken: token)) }
        let answers = try await trial.concurrently(sessions.count) { number -> Bool in
          do { return try await backend.insert(sessions[number]) } catch let error as AuthCacheError
            where error.code == .conflict
          { return false }
        }
        let winners = zip(sessions, answers).filter(\.1).map(\.0)
        try trial.require(
          winners.count == 1, "one of eight sessions is stored", expected: "1 winner", found: "\(winners.count) winners"
        )
        trial.expect(try await backend.load(.accessToken(token)), equals: winners[0], "the token finds the winner")
        for session in sessions where session != winners[0] {
          trial.expect(try await backend.load(session.id), equals: nil, "a session refused is not there")
        }
      }
    },
  ]
}
