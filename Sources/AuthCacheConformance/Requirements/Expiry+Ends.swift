internal import AuthCache

extension Requirement {
  /// Ends far off, long past, and in the way of others.
  static let unusualEnds: [Requirement] = [
    Requirement(
      "expiry.replace.alreadyExpired", .expiry,
      "A replace by a record that has ended already answers true, and ends the record under all its digests.",
      consequence: "A session that is ended by saving it as ended lives on.",
      likelyCause: "Writes with a past end are skipped or rejected.", references: ["connect-redis#321"]
    ) { trial in
      let backend = try await trial.open()
      let live = trial.session()
      try await backend.store(live)
      let ended = live.replacing(revision: trial.revision(), expiresAt: .some(trial.now))
      trial.expect(try await backend.replace(live, with: ended), equals: true, "the revision is the live record's")
      for lookup in live.lookups {
        trial.expect(try await backend.load(lookup), equals: nil, "absent by \(lookup.field.rawValue)")
      }
      trial.expect(
        try await backend.replace(ended, with: live.replacing(revision: trial.revision())), equals: false,
        "what has ended is not replaced")
      trial.expect(try await backend.insert(live), equals: true, "the id is free")
    },
    Requirement(
      "expiry.extend.farOff", .expiry,
      "Extend keeps an end that lies months, decades or centuries ahead to the millisecond.",
      consequence: "A session that is to last for months ends at once, or in January 2038.",
      likelyCause: "The new end passes through 32 bits of seconds, or through a time to live that has a ceiling.",
      references: ["Memcached: a time to live above thirty days is an instant"]
    ) { trial in
      let backend = try await trial.open()
      let record = trial.record(.session, life: .seconds(600))
      try await backend.store(record)
      for days in [29, 31, 366, 365 * 15, 365 * 100, 365 * 900] {
        let end = trial.now + .seconds(86_400 * days) + .milliseconds(1)
        trial.expect(try await backend.extend(record.id, to: end), equals: true, "the record is live")
        trial.expect(
          try await backend.load(record.id), equals: record.extended(to: end), "its end is \(days) days ahead")
      }
    },
    Requirement(
      "expiry.sweep.passedToken", .expiry,
      "A sweep leaves a token with the live session that took it from an expired one.",
      consequence: "Minutes after a login its token finds nothing.",
      likelyCause: "The sweep removes the index entries of an expired record without looking whose they are by now.",
      needs: [.aliases, .sweptExpiry, .injectedClock]
    ) { trial in
      let backend = try await trial.open()
      let olds = (0..<3).map { _ in trial.session(life: .seconds(10)) }
      for old in olds { try await backend.store(old) }
      try await trial.advance(by: .seconds(10))
      let news = olds.map { trial.record(.session, aliases: $0.aliases) }
      try await backend.store(news[0])
      trial.expect(try await backend.insert(news[1]), equals: true, "the id is free")
      try await backend.storeEach([news[2]])
      _ = try await backend.removeExpired(through: trial.now, limit: 100)
      for new in news {
        for lookup in new.lookups {
          trial.expect(try await backend.load(lookup), equals: new, "found by \(lookup.field.rawValue) after the sweep")
        }
      }
    },
    Requirement(
      "expiry.instant.page", .expiry,
      "Expired records between live ones end no listing: who asks for pages until one is empty is shown every live record.",
      consequence: "Clients are missing from every export, depending on which others have ended.",
      likelyCause: "The page is cut first, and the expired ones are left out of it afterwards.", needs: [.listing]
    ) { trial in
      let backend = try await trial.open()
      // By digest: three live ones, then a dozen that end, then three live ones.
      let records = (1...18).map { number in
        trial.record(
          .client, digest: RecordDigest(words: (number, trial.entropy.next(), trial.entropy.next(), 0)),
          life: (4...15).contains(number) ? trial.shortLife : nil)
      }
      for record in records { try await backend.store(record) }
      try await trial.advance(by: trial.shortLife)
      var seen: [Record] = []
      while seen.count < 100 {
        let page = try await trial.listing(backend).records(of: .client, after: seen.last?.digest, limit: 3)
        if page.isEmpty { break }
        seen += page
      }
      trial.expect(seen, equals: records.filter { $0.expiresAt == nil }, "all that live, and nothing else")
    },
  ]
}
