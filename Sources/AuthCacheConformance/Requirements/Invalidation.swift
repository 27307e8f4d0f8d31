internal import AuthCache
internal import Logging
internal import Synchronization

extension Requirement {
  /// What a backend that announces changes owes to the caches that rely on it.
  static let invalidation: [Requirement] = announcements + processes + subscriptions

  private static let announcements: [Requirement] = [
    Requirement(
      "invalidation.change.announced", .invalidation,
      "Every store, insert, replace, extend, consume and remove is announced, whichever handle it went through.",
      consequence: "After a logout on one instance the others serve the session until their caches let go of it.",
      likelyCause: "Only changes through the handle that is listened to are announced, or one operation was forgotten.",
      references: ["AspNetCore.Docs#34224", "ocis#3521"], needs: [.invalidation]
    ) { trial in
      let (changer, listener) = try await trial.changerAndListener()
      let listening = try await trial.listen(to: listener)
      typealias Way = @Sendable (Record) async throws -> Bool
      let ways: [(name: String, isThere: Bool, change: Way)] = [
        (
          "a store over another record", true,
          {
            try await changer.store(trial.successor(of: $0)); return true
          }
        ),
        (
          "a store", false,
          {
            try await changer.store($0); return true
          }
        ),
        ("an insert", false, { try await changer.insert($0) }),
        ("a replace", true, { try await changer.replace($0, with: trial.successor(of: $0)) }),
        ("an extend", true, { try await changer.extend($0.id, to: trial.now + .seconds(172_800)) }),
        ("a consume", true, { try await changer.consume($0.id) != nil }),
        ("a remove", true, { try await changer.remove($0.id) }),
      ]
      for (name, isThere, change) in ways {
        for record in [trial.session(life: .seconds(86_400)), trial.record(.client, life: nil)]
        where record.kind == .session || name != "an extend" {
          if isThere { try await changer.store(record) }
          try await trial.settle(listening, changer)
          trial.expect(try await change(record), equals: true, "\(name) takes place")
          try await trial.until("\(name) is announced") { listening.hasHeard(record) }
        }
      }
    },
    Requirement(
      "invalidation.writer.unasked", .invalidation,
      "A change is announced whether or not the handle that makes it was opened to announce.",
      consequence: "One instance with another setting logs users out, and the others go on serving them.",
      likelyCause: "Announcing is a setting of the handle, and not of the store.",
      references: ["https://www.postgresql.org/docs/15/sql-notify.html"], needs: [.invalidation, .shared]
    ) { trial in
      let listener = try await trial.open()
      let listening = try await trial.listen(to: listener)
      let changer = try await trial.open(announcing: false)
      try await trial.settle(listening, changer)
      let record = trial.session(life: .seconds(86_400))
      try await changer.store(record)
      try await trial.until("a store by a handle that was not opened to announce is announced") {
        listening.hasHeard(record)
      }
      try await trial.settle(listening, changer)
      trial.expect(try await changer.remove(record.id), equals: true, "a live record is removed")
      try await trial.until("so is a removal") { listening.hasHeard(record) }
    },
    Requirement(
      "invalidation.namespace.anyCase", .invalidation,
      "Changes are announced in a store whose name has capitals in it.",
      consequence: "Whoever names the table AuthCache has no invalidation at all, and no error.",
      likelyCause: "The name of the channel is folded to lower case on one side only.",
      references: ["librisxl#1123"], needs: [.invalidation, .shared]
    ) { trial in
      let (changer, listener) = (
        try await trial.openElsewhere(named: "_Aa"), try await trial.openElsewhere(named: "_Aa")
      )
      let listening = try await trial.listen(to: listener)
      let record = trial.session(life: .seconds(86_400))
      try await changer.store(record)
      try await trial.until("a change is announced where the name has capitals") { listening.hasHeard(record) }
    },
    Requirement(
      "invalidation.alias.announced", .invalidation,
      "A change is announced under every alias that the record is found by from then on.",
      consequence: "A token that was just issued is unknown to every instance that was asked for it before.",
      likelyCause: "Only the id of the record is announced.", references: ["litellm#26729"],
      needs: [.invalidation, .aliases]
    ) { trial in
      let (changer, listener) = try await trial.changerAndListener()
      let listening = try await trial.listen(to: listener)
      let before = trial.session(life: .seconds(86_400))
      let after = before.replacing(
        revision: trial.revision(), aliases: Aliases(accessToken: trial.digest(), refreshToken: trial.digest()))
      let inserted = trial.session(life: .seconds(86_400))
      for (number, record) in [before, after, inserted].enumerated() {
        try await trial.settle(listening, changer)
        switch number {
        case 0: try await changer.store(record)
        case 1: _ = try await changer.replace(before, with: record)
        default: _ = try await changer.insert(record)
        }
        for lookup in record.lookups.dropFirst() {
          try await trial.until("a record is announced by its \(lookup.field.rawValue)") { listening.hasHeard(lookup) }
        }
      }
    },
    Requirement(
      "invalidation.group.announced", .invalidation,
      "The removal of a group is announced, as such or for each of its records.",
      consequence: "A user who was logged out everywhere stays logged in wherever a cache has the session.",
      likelyCause: "Announcements are made for single records.",
      references: ["OpenID Connect Back-Channel Logout §2.6"],
      needs: [.invalidation, .group]
    ) { trial in
      let (changer, listener) = try await trial.changerAndListener()
      let listening = try await trial.listen(to: listener)
      for group in [Group.subject(trial.digest()), .providerSession(trial.digest()), .grant(trial.digest())] {
        let members = (0..<5).map { _ in trial.session(life: .seconds(86_400), groups: trial.membership(group)) }
        try await changer.storeEach(members)
        try await trial.settle(listening, changer)
        trial.expect(try await trial.group(changer).removeAll(in: group), equals: members.count, "all members go")
        for member in members {
          try await trial.until("a member that went is announced") { listening.hasHeard(member) }
        }
      }
    },
    Requirement(
      "invalidation.bulk.announced", .invalidation,
      "Each record of a bulk store and of a bulk remove is announced.",
      consequence: "What is written in bulk, as by a write buffer, reaches no cache elsewhere.",
      likelyCause: "The bulk operations have a way of their own to the database.", needs: [.invalidation, .bulk]
    ) { trial in
      let (changer, listener) = try await trial.changerAndListener()
      let listening = try await trial.listen(to: listener)
      for count in [1, 3, 120] {
        let records = (0..<count).map { _ in trial.session(life: .seconds(86_400)) }
        try await trial.settle(listening, changer)
        try await trial.bulk(changer).store(contentsOf: records)
        for record in records {
          try await trial.until("one of \(count) stored together is announced") { listening.hasHeard(record) }
        }
        try await trial.settle(listening, changer)
        _ = try await trial.bulk(changer).remove(contentsOf: records.map(\.id))
        for record in records {
          try await trial.until("one of \(count) removed together is announced") { listening.hasHeard(record) }
        }
      }
    },
    Requirement(
      "invalidation.change.afterCommit", .invalidation,
      "When a change is heard of, it can be read.",
      consequence: "A cache drops what it has, reads the old record again, and serves it with nobody to say otherwise.",
      likelyCause: "The change is announced before the commit.", needs: [.invalidation]
    ) { trial in
      let (changer, listener) = try await trial.changerAndListener()
      let awaited = Memo<(lookups: Set<Lookup>, id: Lookup, found: Record??)?>(nil)
      let listening = try await trial.listen(to: listener) { invalidation in
        guard case .record(let lookup) = invalidation,
          let id = awaited.with({ $0.flatMap { $0.lookups.contains(lookup) && $0.found == nil ? $0.id : nil } })
        else { return }
        let found = try? await listener.load(id)
        awaited.with { $0?.found = .some(found) }
      }
      for round in 0..<20 {
        let record = trial.session(life: .seconds(86_400))
        let isThere = round.isMultiple(of: 2)
        if isThere { try await changer.store(record) }
        try await trial.settle(listening, changer)
        awaited.with { $0 = (Set(record.lookups), record.id, nil) }
        if isThere { _ = try await changer.remove(record.id) } else { try await changer.store(record) }
        try await trial.until("the change is heard of") { awaited.with { $0?.found != nil } || listening.hasHeardGap }
        if let found = awaited.with({ $0?.found }) {
          trial.expect(found, equals: isThere ? nil : record, "what is announced can be read")
        }
        awaited.with { $0 = nil }
      }
    },
    Requirement(
      "invalidation.process.announced", .invalidation,
      "What another process changes is announced.",
      consequence: "After a logout on one machine the others serve the session.",
      likelyCause: "The announcement goes through the memory of the process.",
      references: ["AspNetCore.Docs#34224", "ocis#3521"], needs: [.invalidation, .shared, .child]
    ) { trial in
      let backend = try await trial.open()
      let (series, count) = (RecordSeries(trial), 6)
      try await backend.storeEach((0..<count).map(series.session))
      let listening = try await trial.listen(to: backend)
      try await trial.settle(listening, backend)
      let child = try trial.spawn(.changeRecords, series.arguments(["count": "\(count)"]))
      try await trial.finish(child)
      for number in 0..<count {
        try await trial.until("a change by a child process is announced") { listening.hasHeard(series.session(number)) }
      }
    },
    Requirement(
      "invalidation.cache.neverStale", .invalidation,
      "A cache that applies what it hears ends with nothing that has been changed elsewhere since.",
      consequence: "A revoked session is served by one instance until its time in the cache is over.",
      likelyCause: "Changes that happen at once are announced as one, or in the place of one another.",
      references: ["guava#1881", "AspNetCore.Docs#34224"], needs: [.invalidation, .linearizable]
    ) { trial in
      let (changer, listener) = try await trial.changerAndListener()
      let cache = Trial.cache(over: try trial.announcer(listener), clock: trial.environment.clock)
      let sessions = (0..<24).map { _ in trial.session(life: .seconds(172_800)) }
      try await changer.storeEach(sessions)
      for round in 0..<6 {
        for session in sessions { _ = try await cache.load(session.id) }
        _ = try await trial.concurrently(4) { number in
          if number == 3 {
            for session in sessions {
              for lookup in session.lookups { _ = try await cache.load(lookup) }
            }
            return
          }
          for (index, session) in sessions.enumerated() where index % 3 == number {
            guard let found = try await changer.load(session.id) else { continue }
            if (index + round).isMultiple(of: 5) {
              _ = try await changer.remove(session.id)
            } else {
              _ = try await changer.replace(found, with: trial.successor(of: found))
            }
          }
        }
        for session in sessions {
          let truth = try await changer.load(session.id)
          try await trial.until("the cache over the other handle comes to the truth") {
            try await cache.load(session.id) == truth
          }
        }
      }
      try await cache.close()
    },
  ]
}

extension Trial {
  /// The same record with another revision and payload.
  func successor(of record: Record) -> Record {
    record.replacing(revision: revision(), payload: Payload(entropy.bytes(48)))
  }

  /// A cache that would serve a session for a day, if it did not hear of changes.
  fileprivate static func cache(
    over backend: some InvalidationBackend, clock: any AuthCacheClock
  ) -> any AuthCacheBackend {
    CachingBackend(
      over: backend, configuration: CachingConfiguration(sessions: CachePolicy(timeToLive: .seconds(86_400))),
      invalidatedBy: InvalidationSource(backend), clock: clock, logger: .unheard)
  }
}
