internal import AuthCache

extension Requirement {
  /// What writes through a cache do to what it remembers.
  static let cacheWrites: [Requirement] = [
    Requirement(
      "cache.write.dropsRecord", .cache, "After a write through the cache a read finds what the store has.",
      consequence: "A user logs out and is still logged in.",
      likelyCause: "One of the operations that write does not invalidate.", references: ["axum-oidc-client"],
      needs: [.cache]
    ) { trial in
      let world = try await trial.cached()
      for number in 0... {
        let session = trial.record(.session, groups: Groups(subject: trial.digest()))
        guard let call = trial.cacheWrites(of: session)[safe: number] else { break }
        try await world.store.store(session)
        _ = try await world.cache.load(session.id)
        _ = try await world.cache.perform(call)
        try await trial.expectAgreement(of: world, about: [session.id], "after \(call.operation)")
      }
    },
    Requirement(
      "cache.write.dropsAliases", .cache,
      "A write drops what is remembered under every digest of the record, whichever digest it names.",
      consequence: "The old access token still resolves after the session was rotated or ended.",
      likelyCause: "Only the digest that the caller named is dropped.", needs: [.cache, .aliases]
    ) { trial in
      let world = try await trial.cached()
      for number in 0... {
        let first = trial.session()
        guard number < trial.cacheWrites(of: first).count else { break }
        // Remembered under the token alone, under the id alone, and under both.
        for (remembered, isReversed) in [([1], false), ([0], true), ([0, 1], false), ([0, 1], true)] {
          let session = trial.session()
          let call = trial.cacheWrites(of: session)[number]
          try await world.store.store(session)
          for index in remembered { _ = try await world.cache.load(session.lookups[index]) }
          _ = try await world.cache.perform(call)
          // What is read by one digest puts right what stands under the others: each comes first once.
          let lookups = session.lookups + trial.lookups(writtenBy: call)
          try await trial.expectAgreement(
            of: world, about: isReversed ? lookups.reversed() : lookups, "after \(call.operation)")
        }
      }
    },
    Requirement(
      "cache.write.movesAliases", .cache, "A token that moves to another record finds that record.",
      consequence: "A token that was given to one session answers with another.",
      likelyCause: "A write drops what is cached under its own id, and not what stands under its tokens.",
      needs: [.cache, .aliases]
    ) { trial in
      let world = try await trial.cached()
      let ways: [@Sendable (Record) -> BackendCall] = [{ .store($0) }, { .insert($0) }]
      for (way, isReversed) in ways.flatMap({ [($0, false), ($0, true)] }) {
        let old = trial.session()
        try await world.store.store(old)
        for lookup in old.cachedLookups { _ = try await world.cache.load(lookup) }
        // Somebody else takes the tokens away; here they are given to another session.
        try await world.store.store(old.replacing(revision: trial.revision(), aliases: Aliases.none))
        let new = trial.record(.session, aliases: old.aliases)
        _ = try await world.cache.perform(way(new))
        for lookup in isReversed ? new.lookups.reversed() : new.lookups {
          trial.expect(try await world.cache.load(lookup), equals: new, "\(lookup) finds the new record")
        }
      }
    },
    Requirement(
      "cache.write.dropsBulk", .cache, "A bulk write drops what a single one would, for each of its records.",
      consequence: "Revoking many sessions at once revokes them in the database only.",
      likelyCause: "The bulk operations were added later, and pass the cache.", needs: [.cache, .bulk]
    ) { trial in
      let world = try await trial.cached()
      let bulk = try trial.bulk(world.cache)
      let sessions = (0..<9).map { _ in trial.session() }
      for session in sessions { try await world.store.store(session) }
      for session in sessions { for lookup in session.cachedLookups { _ = try await world.cache.load(lookup) } }
      try await bulk.store(contentsOf: sessions[0..<3].map { $0.replacing(revision: trial.revision(), payload: [3]) })
      _ = try await bulk.remove(contentsOf: sessions[3..<6].map(\.id))
      _ = try await bulk.remove(contentsOf: sessions[6..<9].map { $0.lookups.last ?? $0.id })
      try await trial.expectAgreement(of: world, about: sessions.flatMap(\.lookups), "after bulk writes")
    },
    Requirement(
      "cache.write.dropsGroup", .cache, "Revoking a group drops every record of it, of whatever kind and role.",
      consequence: "Back-channel logout ends the session in the database, and it is served for another minute.",
      likelyCause: "The cache does not know which records belong to a group.",
      references: ["OpenID Connect Back-Channel Logout 1.0 §2.5"], needs: [.cache, .group]
    ) { trial in
      let world = try await trial.cached()
      for role in Group.Role.allCases {
        let shared = trial.digest()
        func groups(_ digest: RecordDigest) -> Groups {
          switch role {
          case .subject: Groups(subject: digest)
          case .providerSession: Groups(providerSession: digest)
          case .grant: Groups(grant: digest)
          }
        }
        let members = (0..<4).map { _ in trial.session(groups: groups(shared)) }
        let other = trial.session(groups: groups(trial.digest()))
        for record in members + [other] { try await world.store.store(record) }
        for record in members + [other] {
          for lookup in record.cachedLookups { _ = try await world.cache.load(lookup) }
        }
        let removed = try await trial.group(world.cache).removeAll(in: Group(role: role, digest: shared))
        trial.expect(removed, equals: 4, "how many went by \(role.rawValue)")
        try await trial.expectAgreement(
          of: world, about: (members + [other]).flatMap(\.lookups), "after its \(role.rawValue) was revoked")
      }
    },
    Requirement(
      "cache.write.dropsBefore", .cache, "From the moment a write begins, what was remembered is not served any more.",
      consequence: "While the logout is on its way to the database, the session is renewed from memory.",
      likelyCause: "The cache is told when the store has answered, and not before.",
      references: ["axum-oidc-client"], needs: [.cache]
    ) { trial in
      let world = try await trial.cached()
      for number in 0... {
        let session = trial.session(groups: Groups(subject: trial.digest()))
        guard let call = trial.cacheWrites(of: session)[safe: number] else { break }
        try await world.store.store(session)
        for lookup in session.cachedLookups { _ = try await world.cache.load(lookup) }
        let door = Door()
        world.watch.rule { call, proceed throws(AuthCacheError) in
          if call.operation == .load { return try await proceed(call) }
          try await door.pass(call.operation)
          return try await proceed(call)
        }
        async let writing = world.cache.perform(call)
        try trial.require(await trial.soon { door.waiting == 1 }, "\(call.operation) reaches the store")
        for lookup in session.cachedLookups {
          trial.expect(
            try await world.asked(for: lookup), equals: 1, "calls for \(lookup) while \(call.operation) is under way")
          // By the other lookup what was just read again is served.
          world.cache.flush()
        }
        door.open()
        _ = try await writing
        world.watch.rule(nil)
      }
    },
    Requirement(
      "cache.write.dropsAfter", .cache, "What a read brings in while a write is under way is not served after it.",
      consequence: "A session that was logged out comes back into the cache a moment before it goes, and stays.",
      likelyCause: "The cache is told before the write, and not after it.", references: ["guava#1881"], needs: [.cache]
    ) { trial in
      let world = try await trial.cached()
      for number in 0... {
        let session = trial.session(groups: Groups(subject: trial.digest()))
        guard let call = trial.cacheWrites(of: session)[safe: number] else { break }
        try await world.store.store(session)
        let door = Door()
        world.watch.rule { call, proceed throws(AuthCacheError) in
          if call.operation == .load { return try await proceed(call) }
          try await door.pass(call.operation)
          return try await proceed(call)
        }
        async let writing = world.cache.perform(call)
        try trial.require(await trial.soon { door.waiting == 1 }, "\(call.operation) reaches the store")
        for lookup in session.cachedLookups { _ = try await world.cache.load(lookup) }
        door.open()
        _ = try await writing
        world.watch.rule(nil)
        try await trial.expectAgreement(
          of: world, about: session.lookups + trial.lookups(writtenBy: call), "read during \(call.operation)")
      }
    },
    Requirement(
      "cache.write.lastWins", .cache,
      "When writes of one record overlap, what is read afterwards is what the store has.",
      consequence: "Of two saves at once the cache keeps the one that lost.",
      likelyCause: "A write puts its record into the cache when it returns, in whatever order that is.", needs: [.cache]
    ) { trial in
      let world = try await trial.cached()
      for number in 0..<2 {
        let session = trial.session()
        let (first, second) = (session.replacing(revision: 1), session.replacing(revision: 2))
        try await world.store.store(session)
        let door = Door()
        world.watch.rule { call, proceed throws(AuthCacheError) in
          let answer = try await proceed(call)
          // Carried out first, and told last.
          if call == .store(first) { try await door.pass(.store) }
          return answer
        }
        async let storing: Void = world.cache.store(first)
        try trial.require(await trial.soon { door.waiting == 1 }, "the first store is carried out")
        if number == 0 { try await world.cache.store(second) } else { _ = try await world.cache.remove(session.id) }
        door.open()
        try await storing
        world.watch.rule(nil)
        try await trial.expectAgreement(of: world, about: session.lookups, "after writes that overlapped")
      }
    },
    Requirement(
      "cache.write.failed", .cache,
      "A write that fails surfaces as it is, and nothing is served that it may have changed.",
      consequence: "The answer of a logout got lost; the session is gone, and is served.",
      likelyCause: "Only a write that succeeded invalidates.", needs: [.cache]
    ) { trial in
      let world = try await trial.cached()
      for effect in [AuthCacheError.Effect.none, .unknown] {
        for number in 0... {
          let session = trial.session(groups: Groups(subject: trial.digest()))
          guard let call = trial.cacheWrites(of: session)[safe: number] else { break }
          try await world.store.store(session)
          for lookup in session.cachedLookups { _ = try await world.cache.load(lookup) }
          world.watch.rule { call, proceed throws(AuthCacheError) in
            if call.operation == .load { return try await proceed(call) }
            // Of unknown effect, and carried out.
            if effect == .unknown { _ = try await proceed(call) }
            throw AuthCacheError(.timeout, effect: effect, operation: call.operation, "the check lost the answer")
          }
          await trial.expectError(.timeout, effect: effect, "\(call.operation) that fails") {
            try await world.cache.perform(call)
          }
          world.watch.rule(nil)
          try await trial.expectAgreement(
            of: world, about: session.lookups + trial.lookups(writtenBy: call), "after \(call.operation) failed")
        }
      }
    },
    Requirement(
      "cache.write.decidedBelow", .cache,
      "`consume`, `insert`, `replace`, `extend` and `remove` are decided by the store.",
      consequence: "Two instances give one session away, or a logout elsewhere is undone by a save here.",
      likelyCause: "What is remembered is taken for what is.", needs: [.cache]
    ) { trial in
      let world = try await trial.cached()
      func remembered() async throws -> Record {
        let session = trial.session()
        try await world.store.store(session)
        for lookup in session.cachedLookups { _ = try await world.cache.load(lookup) }
        return session
      }
      func gone() async throws -> Record {
        let session = try await remembered()
        trial.expect(try await world.store.remove(session.id), equals: true, "it goes past the cache")
        return session
      }
      let consumed = try await gone()
      trial.expect(try await world.cache.consume(consumed.id), equals: nil, "consume of what went elsewhere")
      trial.expect(try await world.cache.insert(try await gone()), equals: true, "insert where another went elsewhere")
      let replaced = try await gone()
      trial.expect(
        try await world.cache.replace(replaced, with: replaced.replacing(revision: trial.revision())), equals: false,
        "replace of what went elsewhere")
      trial.expect(
        try await world.cache.extend(try await gone().id, to: trial.now + .seconds(900)), equals: false,
        "extend of what went elsewhere")
      trial.expect(try await world.cache.remove(try await gone().id), equals: false, "remove of what went elsewhere")
      let changed = try await remembered()
      try await world.store.store(changed.replacing(revision: trial.revision()))
      trial.expect(
        try await world.cache.replace(changed, with: changed.replacing(revision: trial.revision())), equals: false,
        "replace by a revision that is remembered and not true")
      // And what is remembered as absent, and is there.
      func come() async throws -> Record {
        let session = trial.session()
        for lookup in session.cachedLookups { _ = try await world.cache.load(lookup) }
        try await world.store.store(session)
        return session
      }
      trial.expect(try await world.cache.insert(try await come()), equals: false, "insert where another came elsewhere")
      let late = try await come()
      trial.expect(try await world.cache.consume(late.id), equals: late, "consume of what came elsewhere")
      trial.expect(try await world.cache.remove(try await come().id), equals: true, "remove of what came elsewhere")
    },
    Requirement(
      "cache.write.reachesStore", .cache,
      "Each write is one call of the store, with what the caller gave, and its answer.",
      consequence: "A session that seems unchanged is not extended, and ends in the middle of the work.",
      likelyCause: "A write that changes nothing of what is remembered is left out.", needs: [.cache]
    ) { trial in
      let world = try await trial.cached()
      for number in 0... {
        let session = trial.session(groups: Groups(subject: trial.digest()))
        let calls =
          trial.cacheWrites(of: session) + [.store(session), .extend(session.id, to: trial.now + .seconds(1))]
        guard let call = calls[safe: number] else { break }
        try await world.store.store(session)
        for lookup in session.cachedLookups { _ = try await world.cache.load(lookup) }
        let (writes, reads) = (world.watch.total - world.watch.reads, world.watch.reads)
        let answer = Memo<BackendAnswer?>(nil)
        world.watch.rule { call, proceed throws(AuthCacheError) in
          let found = try await proceed(call)
          answer.with { $0 = found }
          return found
        }
        let told = try await world.cache.perform(call)
        world.watch.rule(nil)
        trial.expect(world.watch.total - world.watch.reads - writes, equals: 1, "calls for one \(call.operation)")
        trial.expect(world.watch.reads, equals: reads, "reads of the store for one \(call.operation)")
        trial.expect(world.watch.last == call, "the store is given what the caller gave")
        trial.expect(told, equals: answer.with { $0 }, "what \(call.operation) answers")
      }
    },
  ]
}

extension Trial {
  /// Every way to write `record`, which is live, through a cache.
  func cacheWrites(of record: Record) -> [BackendCall] {
    let next = record.replacing(revision: record.revision &+ 1, payload: [1, 2, 3])
    let end = (record.expiresAt ?? now) + .seconds(60)
    var calls: [BackendCall] = [
      .store(next), .insert(next), .replace(record, with: next), .replace(next, with: record),
    ]
    if !record.aliases.isEmpty {
      let rotated = record.replacing(
        revision: record.revision &+ 2, aliases: Aliases(accessToken: digest(), refreshToken: digest()))
      calls += [.store(rotated), .replace(record, with: rotated)]
    }
    for lookup in record.lookups { calls += [.extend(lookup, to: end), .consume(lookup), .remove(lookup)] }
    if capabilities.contains(.bulk) {
      calls += [.storeContents([next])] + record.lookups.map { .removeContents([$0]) }
    }
    if capabilities.contains(.group) { calls += record.groups.all.map { .removeAll($0) } }
    return calls
  }

  /// What the record that `call` brings is found by.
  func lookups(writtenBy call: BackendCall) -> [Lookup] {
    switch call {
    case .store(let record), .insert(let record), .replace(_, let record): record.lookups
    default: []
    }
  }
}

extension Array {
  subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
