internal import AuthCache

extension Requirement {
  /// Races for a session by its tokens, and beside records that have ended.
  static let tokenRaces: [Requirement] = [
    Requirement(
      "record.insert.oneOverExpired", .concurrency,
      "Of many tasks that insert over one expired record at once exactly one is told that it did, and its record is there.",
      consequence: "Two logins that take up an old state both believe that it is theirs.",
      likelyCause: "The expired record is deleted by its id in one call, and the new one is written in another.",
      references: ["Hummingbird MemoryPersistDriver"]
    ) { trial in
      let backend = try await trial.open()
      for _ in 0..<15 {
        let expired = trial.record(.state, life: .seconds(-5))
        try await backend.store(expired)
        let records = (0..<12).map { _ in trial.record(.state, digest: expired.digest) }
        let answers = try await trial.concurrently(records.count) { try await backend.insert(records[$0]) }
        let winners = zip(records, answers).filter(\.1).map(\.0)
        try trial.require(
          winners.count == 1, "one of twelve inserts wins", expected: "1 winner", found: "\(winners.count) winners")
        trial.expect(try await backend.load(expired.id), equals: winners[0], "the winner's record is there")
      }
    },
    Requirement(
      "record.load.sparesAnew", .concurrency,
      "A load that finds an expired record never removes what is stored anew under its id.",
      consequence: "A login is lost right after it succeeded, because its device was looked up at that moment.",
      likelyCause: "A read deletes what it found expired by its id, without the test of its end.",
      references: ["do-indeksa#347"]
    ) { trial in
      let backend = try await trial.open()
      for _ in 0..<6 {
        let expired = (0..<24).map { _ in trial.record(.client, life: .seconds(-5)) }
        for record in expired { try await backend.store(record) }
        let anew = expired.map { trial.record(.client, digest: $0.digest) }
        _ = try await trial.concurrently(4) { task in
          for (number, record) in anew.enumerated() {
            // Now the one is ahead and now the other.
            for _ in 0..<(task + number) % 3 { await Task.yield() }
            if task == 3 { try await backend.store(record) } else { _ = try await backend.load(record.id) }
          }
        }
        for record in anew {
          trial.expect(try await backend.load(record.id), equals: record, "what was stored anew is there")
        }
      }
    },
    Requirement(
      "session.alias.oneStep", .concurrency,
      "What is done by a token concerns its session only while the session holds it: beside a rotation it comes before, or does nothing.",
      consequence:
        "A token that has just been rotated away takes, ends or lengthens the session that goes on without it.",
      likelyCause: "The token is looked up in one call, and the session is taken by its id in another.",
      references: ["RFC 9700 §4.14.2"], needs: [.aliases]
    ) { trial in
      let backend = try await trial.open()
      for round in 0..<36 {
        let old = trial.session()
        let next = old.replacing(
          revision: trial.revision(), aliases: Aliases(accessToken: trial.digest(), refreshToken: trial.digest()))
        try await backend.store(old)
        let token = old.lookups[1 + round % 2]
        let later = trial.now + .seconds(3_600)
        // Who has the number of the rotation differs, so that it comes at different places among the others.
        let rotation = round % 4
        let answers = try await trial.concurrently(4) { task -> Bool in
          if task == rotation { return try await backend.replace(old, with: next) }
          switch round % 3 {
          case 0: return try await backend.consume(token) != nil
          case 1: return try await backend.remove(token)
          default: return try await backend.extend(token, to: later)
          }
        }
        let others = answers.enumerated().count { $0.offset != rotation && $0.element }
        if round % 3 == 2 {
          trial.expect(answers[rotation], equals: true, "an extension is no reason for a rotation to fail")
        } else {
          trial.expect(
            (answers[rotation] ? 1 : 0) + others, equals: 1, "one of the rotation and three others has the session")
        }
        trial.expect(
          try await backend.load(old.id), equals: answers[rotation] ? next : nil,
          "the session is as the rotation left it, or gone")
      }
    },
    Requirement(
      "session.load.holdsToken", .concurrency,
      "What a load by a token finds holds that token, whatever is rotated meanwhile.",
      consequence: "A request with a token that was just rotated away is served.",
      likelyCause: "The token is looked up in one call, and the session is read by its id in another.",
      needs: [.aliases]
    ) { trial in
      let backend = try await trial.open()
      for round in 0..<8 {
        let first = trial.session()
        let series = (0..<12).map { _ in
          first.replacing(
            revision: trial.revision(), aliases: Aliases(accessToken: trial.digest(), refreshToken: trial.digest()))
        }
        try await backend.store(series[0])
        let wrong = try await trial.concurrently(4) { task -> Int in
          var wrong = 0
          for number in 1..<series.count {
            for _ in 0..<(task + number) % 2 { await Task.yield() }
            if task == 3 {
              _ = try await backend.replace(series[number - 1], with: series[number])
              continue
            }
            for lookup in series[number - 1].lookups.dropFirst() {
              if let found = try await backend.load(lookup), found.aliases[lookup.field] != lookup.digest { wrong += 1 }
            }
          }
          return wrong
        }
        guard
          trial.expect(
            wrong.allSatisfy { $0 == 0 }, "in round \(round) each session found holds its token",
            expected: "no other", found: "\(wrong.reduce(0, +)) others")
        else { return }
      }
    },
    Requirement(
      "session.extend.besideReplace", .concurrency,
      "A session that is replaced while others extend it is the replacement: its payload, its revision and its tokens.",
      consequence: "A rotated refresh token is good again, because somebody touched the session at that moment.",
      likelyCause: "To extend, the record is read in one call and written back in another.",
      references: ["nocturne#326"]
    ) { trial in
      let backend = try await trial.open()
      for round in 0..<25 {
        let old = trial.session()
        let next = trial.session().moved(to: old.digest)
        try await backend.store(old)
        let later = trial.now + .seconds(3_600)
        let answers = try await trial.concurrently(5) { task -> Bool in
          if task == round % 5 { return try await backend.replace(old, with: next) }
          return try await backend.extend(old.id, to: later)
        }
        trial.expect(answers, equals: Array(repeating: true, count: 5), "the session is live, and its revision stays")
        let found = try await backend.load(old.id)
        trial.expect(
          found == next || found == next.extended(to: later), "the replacement is there, extended or not",
          expected: "\(next)", found: found.map { "\($0)" } ?? "nil")
        for lookup in old.lookups.dropFirst() {
          trial.expect(try await backend.load(lookup), equals: nil, "the old \(lookup.field.rawValue) finds nothing")
        }
      }
    },
    Requirement(
      "session.alias.oneHolder", .concurrency,
      "Of many sessions that are stored, or replaced, under one access token at once exactly one holds it.",
      consequence: "Two sessions answer to one token, and which user a request belongs to is chance.",
      likelyCause: "That the alias is free is tested in one call and the record is written in another.",
      needs: [.aliases]
    ) { trial in
      let backend = try await trial.open()
      for round in 0..<16 {
        let aliases = Aliases(accessToken: trial.digest())
        let sessions = (0..<6).map { _ in trial.record(.session) }
        let holding = sessions.map { $0.replacing(revision: trial.revision(), aliases: aliases) }
        if round.isMultiple(of: 2) { try await backend.storeEach(sessions) }
        let answers = try await trial.concurrently(holding.count) { number -> Bool in
          let ending = try await CallEnding { () async throws -> Bool in
            if round.isMultiple(of: 2) {
              return try await backend.replace(sessions[number], with: holding[number])
            }
            try await backend.store(holding[number])
            return true
          }
          switch ending {
          case .answered(let isDone): return isDone
          case .threw(let error) where error.code == .conflict: return false
          case .threw(let error): throw error
          }
        }
        let winners = zip(holding, answers).filter(\.1).map(\.0)
        try trial.require(
          winners.count == 1, "one of six sessions holds the token", expected: "1 holder",
          found: "\(winners.count) holders")
        for (index, session) in sessions.enumerated() where holding[index] != winners[0] {
          trial.expect(
            try await backend.load(session.id), equals: round.isMultiple(of: 2) ? session : nil,
            "who was refused is as before")
        }
        for lookup in winners[0].lookups {
          trial.expect(
            try await backend.load(lookup), equals: winners[0], "the holder is found by \(lookup.field.rawValue)")
        }
      }
    },
  ]
}
