internal import AuthCache

extension Requirement {
  /// Tokens of records that have ended, and of writes that were refused.
  static let passedTokens: [Requirement] = [
    Requirement(
      "session.alias.overExpired", .sessions,
      "What is written over an expired session is found by its own tokens, and not by those of the expired one.",
      consequence: "A token of last week opens the session that was begun today.",
      likelyCause: "Old aliases are removed with a live predecessor only, or by store and not by insert.",
      references: ["RFC 9700 §4.14"], needs: [.aliases]
    ) { trial in
      let backend = try await trial.open()
      let olds = (0..<3).map { _ in trial.session(life: trial.shortLife) }
      for old in olds { try await backend.store(old) }
      try await trial.advance(by: trial.shortLife)
      let news = olds.map { old in
        trial.record(
          .session, digest: old.digest, aliases: Aliases(accessToken: trial.digest(), refreshToken: trial.digest()))
      }
      try await backend.store(news[0])
      trial.expect(try await backend.insert(news[1]), equals: true, "an expired record counts as absent")
      try await backend.storeEach([news[2]])
      for (old, new) in zip(olds, news) {
        for lookup in old.lookups.dropFirst() {
          trial.expect(
            try await backend.load(lookup), equals: nil, "the expired session's \(lookup.field.rawValue) finds nothing")
          trial.expect(try await backend.consume(lookup), equals: nil, "and consumes nothing")
        }
        for lookup in new.lookups {
          trial.expect(
            try await backend.load(lookup), equals: new, "the new \(lookup.field.rawValue) finds the new one")
        }
      }
    },
    Requirement(
      "session.alias.failedInsert", .sessions,
      "An insert under the id of a live session answers false, whoever holds its tokens, and moves none of them.",
      consequence: "The tokens of a login that was refused open the session that was there before.",
      likelyCause: "Aliases are written, or judged, before it is known whether the record is.", needs: [.aliases]
    ) { trial in
      let backend = try await trial.open()
      let (live, other) = (trial.session(), trial.session())
      for session in [live, other] { try await backend.store(session) }
      let ownTokens = live.replacing(
        revision: trial.revision(), aliases: Aliases(accessToken: trial.digest(), refreshToken: trial.digest()))
      trial.expect(try await backend.insert(ownTokens), equals: false, "the id is taken")
      let othersToken = live.replacing(
        revision: trial.revision(), aliases: Aliases(accessToken: other.aliases.accessToken))
      trial.expect(
        try await backend.insert(othersToken), equals: false, "the id is taken, which comes before the token")
      for lookup in ownTokens.lookups.dropFirst() {
        trial.expect(
          try await backend.load(lookup), equals: nil, "the refused one's \(lookup.field.rawValue) finds nothing")
      }
      for session in [live, other] {
        for lookup in session.lookups {
          trial.expect(try await backend.load(lookup), equals: session, "found by \(lookup.field.rawValue) as before")
        }
      }
    },
  ]
}
