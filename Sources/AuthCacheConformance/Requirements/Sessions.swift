internal import AuthCache

extension Requirement {
  static let sessions: [Requirement] = tokens + passedTokens

  private static let tokens: [Requirement] = [
    Requirement(
      "session.alias.finds", .sessions,
      "A session is found by its id, its access token and its refresh token alike.",
      consequence: "A valid token is answered with 401.",
      likelyCause: "An alias is not indexed, or under a key built differently.",
      references: ["mxcp#192"], needs: [.aliases]
    ) { trial in
      let backend = try await trial.open()
      let session = trial.session()
      try await backend.store(session)
      for lookup in session.lookups {
        trial.expect(try await backend.load(lookup), equals: session, "found by \(lookup.field.rawValue)")
      }
    },
    Requirement(
      "session.alias.fieldsApart", .sessions,
      "An access token does not find a session as a refresh token, nor as an id.",
      consequence: "A leaked access token is good for a refresh.",
      likelyCause: "All digests share one index.",
      references: ["RFC 6749 §10.3"], needs: [.aliases]
    ) { trial in
      let backend = try await trial.open()
      let session = trial.session()
      try await backend.store(session)
      for lookup in session.lookups {
        for field in Lookup.Field.allCases where field != lookup.field {
          let wrong = Lookup(kind: .session, field: field, digest: lookup.digest)
          trial.expect(
            try await backend.load(wrong), equals: nil,
            "a digest of \(lookup.field.rawValue) is none of \(field.rawValue)")
          trial.expect(try await backend.consume(wrong), equals: nil, "and consumes nothing")
        }
      }
    },
    Requirement(
      "session.alias.storeDropsOld", .sessions,
      "After a session is stored under new tokens its old tokens find nothing.",
      consequence: "The old token is still valid after a rotation.",
      likelyCause: "The old alias rows are not removed with the record they belonged to.",
      references: ["PITFALLS: old alias kept"], needs: [.aliases]
    ) { trial in
      let backend = try await trial.open()
      let old = trial.session()
      let new = old.replacing(
        revision: trial.revision(), aliases: Aliases(accessToken: trial.digest(), refreshToken: trial.digest()))
      try await backend.store(old)
      try await backend.store(new)
      for lookup in old.lookups.dropFirst() {
        trial.expect(try await backend.load(lookup), equals: nil, "the old \(lookup.field.rawValue) finds nothing")
      }
      for lookup in new.lookups {
        trial.expect(try await backend.load(lookup), equals: new, "the new \(lookup.field.rawValue) finds the session")
      }
    },
    Requirement(
      "session.alias.replaceDropsOld", .sessions,
      "After a replace the old tokens find nothing and the new ones find the next record.",
      consequence: "A rotated refresh token still resolves.",
      likelyCause: "The compare-and-swap updates the payload and forgets the aliases.",
      references: ["RFC 9700 §4.14"], needs: [.aliases]
    ) { trial in
      let backend = try await trial.open()
      let old = trial.session()
      try await backend.store(old)
      let next = old.replacing(revision: trial.revision(), aliases: Aliases(refreshToken: trial.digest()))
      trial.expect(try await backend.replace(old, with: next), equals: true, "the replace wins")
      for lookup in old.lookups.dropFirst() {
        trial.expect(try await backend.load(lookup), equals: nil, "the old \(lookup.field.rawValue) finds nothing")
      }
      for lookup in next.lookups {
        trial.expect(try await backend.load(lookup), equals: next, "found by \(lookup.field.rawValue)")
      }
    },
    Requirement(
      "session.alias.failedReplace", .sessions,
      "A replace that answers false moves no alias.",
      consequence: "The loser's tokens become valid.",
      likelyCause: "Aliases are written before the revision is compared.", needs: [.aliases]
    ) { trial in
      let backend = try await trial.open()
      let current = trial.session()
      try await backend.store(current)
      let stale = current.replacing(revision: trial.revision())
      let next = current.replacing(
        revision: trial.revision(), aliases: Aliases(accessToken: trial.digest(), refreshToken: trial.digest()))
      trial.expect(try await backend.replace(stale, with: next), equals: false, "another revision loses")
      for lookup in next.lookups.dropFirst() {
        trial.expect(try await backend.load(lookup), equals: nil, "the loser's \(lookup.field.rawValue) finds nothing")
      }
      for lookup in current.lookups {
        trial.expect(
          try await backend.load(lookup), equals: current, "the winner's \(lookup.field.rawValue) is untouched")
      }
    },
    Requirement(
      "session.alias.consume", .sessions,
      "A session consumed by any of its digests is absent under all of them.",
      consequence: "A logged-out session lives on under its other token.",
      likelyCause: "The delete covers one index.", needs: [.aliases]
    ) { trial in
      let backend = try await trial.open()
      for field in Lookup.Field.allCases {
        let session = trial.session()
        try await backend.store(session)
        let by = try trial.require(session.lookups.first { $0.field == field }, "the session has that digest")
        trial.expect(try await backend.consume(by), equals: session, "consume by \(field.rawValue) answers the session")
        for lookup in session.lookups {
          trial.expect(try await backend.load(lookup), equals: nil, "absent by \(lookup.field.rawValue)")
        }
      }
    },
    Requirement(
      "session.alias.remove", .sessions,
      "A session removed by any of its digests is absent under all of them.",
      consequence: "A logged-out session lives on under its other token.",
      likelyCause: "The delete covers one index.", needs: [.aliases]
    ) { trial in
      let backend = try await trial.open()
      for field in Lookup.Field.allCases {
        let session = trial.session()
        try await backend.store(session)
        let by = try trial.require(session.lookups.first { $0.field == field }, "the session has that digest")
        trial.expect(try await backend.remove(by), equals: true, "remove by \(field.rawValue) answers true")
        for lookup in session.lookups {
          trial.expect(try await backend.load(lookup), equals: nil, "absent by \(lookup.field.rawValue)")
        }
      }
    },
    Requirement(
      "session.alias.extend", .sessions,
      "A session is extended by any of its digests, and the new end holds under all of them.",
      consequence: "Sessions used through their access token never slide.",
      likelyCause: "Extend knows the id alone.",
      references: ["axum-oidc-client 0.5.0"], needs: [.aliases]
    ) { trial in
      let backend = try await trial.open()
      let session = trial.session(life: trial.shortLife)
      try await backend.store(session)
      for (index, lookup) in session.lookups.enumerated() {
        let end = trial.now + trial.shortLife * (index + 2)
        trial.expect(try await backend.extend(lookup, to: end), equals: true, "extended by \(lookup.field.rawValue)")
        for other in session.lookups {
          trial.expect(
            try await backend.load(other)?.expiresAt, equals: end, "the new end is seen by \(other.field.rawValue)")
        }
      }
    },
    conflict("store") { backend, _, new in try await backend.store(new) },
    conflict("insert") { backend, _, new in _ = try await backend.insert(new) },
    conflict("replace") { backend, old, new in _ = try await backend.replace(old, with: new) },
    Requirement(
      "session.alias.expiredHolder", .sessions,
      "An alias held by an expired record is taken from it silently.",
      consequence: "An expired, unswept row blocks a login with a constraint error.",
      likelyCause: "A unique index that knows nothing of expiry.",
      references: ["Hummingbird MemoryPersistDriver"], needs: [.aliases]
    ) { trial in
      let backend = try await trial.open()
      let ways: [@Sendable (Record) async throws -> Void] = [
        { try await backend.store($0) }, { _ = try await backend.insert($0) }, { try await backend.storeEach([$0]) },
        { new in
          let plain = new.replacing(revision: trial.revision(), aliases: Aliases.none)
          try await backend.store(plain)
          trial.expect(try await backend.replace(plain, with: new), equals: true, "the replace wins")
        },
      ]
      let olds = ways.map { _ in (trial.session(life: trial.shortLife), trial.session(life: trial.shortLife)) }
      for (first, second) in olds {
        try await backend.store(first)
        try await backend.store(second)
      }
      try await trial.advance(by: trial.shortLife)
      for (write, (first, second)) in zip(ways, olds) {
        for (field, old) in [(Lookup.Field.accessToken, first), (.refreshToken, second)] {
          let alias = try trial.require(old.aliases[field], "the session has that alias")
          let new = trial.record(
            .session, aliases: field == .accessToken ? Aliases(accessToken: alias) : Aliases(refreshToken: alias))
          try await write(new)
          trial.expect(
            try await backend.load(Lookup(kind: .session, field: field, digest: alias)), equals: new,
            "the alias belongs to the new session")
          trial.expect(try await backend.load(old.id), equals: nil, "the expired one stays gone")
        }
      }
    },
    Requirement(
      "session.alias.kindsApart", .sessions,
      "The same alias under two kinds is two aliases.",
      consequence: "A session blocks another kind of record.",
      likelyCause: "The alias index lacks the kind.", needs: [.aliases]
    ) { trial in
      let backend = try await trial.open()
      let aliases = Aliases(accessToken: trial.digest(), refreshToken: trial.digest())
      let session = trial.record(.session, aliases: aliases)
      let device = trial.record("device", aliases: aliases)
      try await backend.store(session)
      try await backend.store(device)
      for record in [session, device] {
        for lookup in record.lookups {
          trial.expect(try await backend.load(lookup), equals: record, "each kind finds its own")
        }
      }
    },
    Requirement(
      "session.alias.restore", .sessions,
      "A session stored again under its own tokens is no conflict.",
      consequence: "No session can be saved twice.",
      likelyCause: "The record's own alias counts as another's.", needs: [.aliases]
    ) { trial in
      let backend = try await trial.open()
      let session = trial.session()
      try await backend.store(session)
      let again = session.replacing(revision: trial.revision(), payload: [4])
      try await backend.store(again)
      let swapped = again.replacing(revision: trial.revision(), payload: [5])
      trial.expect(try await backend.replace(again, with: swapped), equals: true, "nor when it is replaced")
      for lookup in session.lookups {
        trial.expect(try await backend.load(lookup), equals: swapped, "found by \(lookup.field.rawValue)")
      }
    },
    Requirement(
      "session.alias.freed", .sessions,
      "The tokens of a removed, consumed or rotated session can be held by another.",
      consequence: "A conflict without a holder: logins fail for no reason.",
      likelyCause: "An index entry outlives its record.", needs: [.aliases]
    ) { trial in
      let backend = try await trial.open()
      let ways: [@Sendable (Record) async throws -> Void] = [
        { _ = try await backend.remove($0.id) },
        { _ = try await backend.consume($0.id) },
        { try await backend.store($0.replacing(revision: 1, aliases: Aliases.none)) },
        { _ = try await backend.replace($0, with: $0.replacing(revision: 2, aliases: Aliases.none)) },
      ]
      for end in ways {
        let old = trial.session()
        try await backend.store(old)
        try await end(old)
        let new = trial.record(.session, aliases: old.aliases)
        try await backend.store(new)
        for lookup in new.lookups {
          trial.expect(try await backend.load(lookup), equals: new, "the token belongs to the new session")
        }
      }
    },
    Requirement(
      "session.alias.oneOnly", .sessions,
      "A session may have an access token alone or a refresh token alone; many may lack either.",
      consequence: "The second session without a refresh token is refused.",
      likelyCause: "A missing alias is stored as an empty value under a unique index.", needs: [.aliases]
    ) { trial in
      let backend = try await trial.open()
      for _ in 0..<3 {
        for aliases in [Aliases(accessToken: trial.digest()), Aliases(refreshToken: trial.digest()), Aliases.none] {
          let session = trial.record(.session, aliases: aliases)
          try await backend.store(session)
          for lookup in session.lookups {
            trial.expect(try await backend.load(lookup), equals: session, "found by \(lookup.field.rawValue)")
          }
        }
      }
    },
    Requirement(
      "session.expiry.isOwn", .sessions,
      "A session lives until its own end, whatever its aliases are for.",
      consequence: "The session is swept exactly when a refresh is due.",
      likelyCause: "The row's expiry is the access token's.",
      references: ["mxcp#110", "axum-oidc-client 0.5.0"], needs: [.aliases, .injectedClock]
    ) { trial in
      let backend = try await trial.open()
      let session = trial.session(life: .seconds(86_400))
      try await backend.store(session)
      try await trial.advance(by: .seconds(86_399))
      _ = try await backend.removeExpired(through: trial.now, limit: 100)
      for lookup in session.lookups {
        trial.expect(try await backend.load(lookup), equals: session, "still there by \(lookup.field.rawValue)")
      }
    },
  ]

  /// A write that takes an alias which another live session holds.
  private static func conflict(
    _ operation: String,
    write: @escaping @Sendable (any AuthCacheBackend, _ old: Record, _ new: Record) async throws -> Void
  ) -> Requirement {
    Requirement(
      "session.conflict.\(operation)", .sessions,
      "\(operation.prefix(1).uppercased() + operation.dropFirst()) with an alias that another live session holds throws conflict and changes nothing.",
      consequence: "Storing one session rewrites or deletes another: two users share one.",
      likelyCause: "ON DUPLICATE KEY UPDATE or INSERT OR REPLACE on a table with several unique keys.",
      references: ["mxcp SqliteTokenStore", "MySQL upsert with several unique keys"], needs: [.aliases]
    ) { trial in
      let backend = try await trial.open()
      for field in [Lookup.Field.accessToken, .refreshToken] {
        let holder = trial.session()
        let old = trial.session()
        try await backend.store(holder)
        if operation != "insert" { try await backend.store(old) }
        var aliases = Aliases(accessToken: trial.digest(), refreshToken: trial.digest())
        if field == .accessToken {
          aliases.accessToken = holder.aliases.accessToken
        } else {
          aliases.refreshToken = holder.aliases.refreshToken
        }
        let new = old.replacing(revision: trial.revision(), aliases: aliases)
        await trial.expectError(.conflict, effect: AuthCacheError.Effect.none, "a taken \(field.rawValue) is refused") {
          try await write(backend, old, new)
        }
        for lookup in holder.lookups {
          trial.expect(
            try await backend.load(lookup), equals: holder, "the holder is untouched by \(lookup.field.rawValue)")
        }
        trial.expect(
          try await backend.load(old.id), equals: operation == "insert" ? nil : old, "the writer's record is untouched")
        let free =
          field == .accessToken
          ? Lookup.refreshToken(aliases.refreshToken ?? new.digest) : .accessToken(aliases.accessToken ?? new.digest)
        trial.expect(try await backend.load(free), equals: nil, "the other alias was not written")
      }
    }
  }
}
