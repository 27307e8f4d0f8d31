internal import AuthCache

extension Requirement {
  static let records: [Requirement] = [
    Requirement(
      "record.store.readable", .records,
      "A stored record is read back whole: kind, id, revision, times, groups and payload.",
      consequence: "A login loses its nonce, its redirect URI or its end.",
      likelyCause: "A column is missing, or a value is converted on its way in or out.",
      references: ["mxcp#192"]
    ) { trial in
      let backend = try await trial.open()
      for kind in RecordKind.standard {
        let groups = Groups(subject: trial.digest(), providerSession: trial.digest(), grant: trial.digest())
        let record = trial.record(kind, groups: groups)
        try await backend.store(record)
        trial.expect(try await backend.load(record.id), equals: record, "a \(kind) is read as it was stored")
      }
    },
    Requirement(
      "record.store.replacesWhole", .records,
      "A second store under one id replaces the first whole.",
      consequence: "A session carries a new token with the old user's rights.",
      likelyCause: "The upsert updates some of the columns.",
      references: ["mxcp#192"]
    ) { trial in
      let backend = try await trial.open()
      let first = trial.record(.session, life: .seconds(600), groups: Groups(subject: trial.digest()))
      let second = Record(
        kind: .session, digest: first.digest, revision: trial.revision(), createdAt: trial.now + .seconds(1),
        expiresAt: trial.now + .seconds(900), groups: Groups(grant: trial.digest()), payload: [1, 2, 3])
      try await backend.store(first)
      try await backend.store(second)
      trial.expect(
        try await backend.load(first.id), equals: second, "the later record is there, and nothing of the earlier")
    },
    Requirement(
      "record.store.shortens", .records,
      "A store with an earlier end takes effect: only extend is monotone.",
      consequence: "A session that was cut short on purpose lives on.",
      likelyCause: "The upsert keeps the larger end."
    ) { trial in
      let backend = try await trial.open()
      let first = trial.record(.session, life: trial.shortLife * 20)
      try await backend.store(first)
      let second = first.replacing(revision: trial.revision(), expiresAt: .some(trial.now + trial.shortLife))
      try await backend.store(second)
      trial.expect(
        try await backend.load(first.id)?.expiresAt, equals: second.expiresAt, "the end is the later store's")
    },
    Requirement(
      "record.insert.absent", .records,
      "Insert writes a record that is absent and answers true.",
      consequence: "Nobody can log in.",
      likelyCause: "The conditional write reports rows matched, not rows written."
    ) { trial in
      let backend = try await trial.open()
      let record = trial.record()
      trial.expect(try await backend.insert(record), equals: true, "insert of an absent record answers true")
      trial.expect(try await backend.load(record.id), equals: record, "the inserted record is there")
    },
    Requirement(
      "record.insert.spares", .records,
      "Insert answers false where a live record has the id, and leaves it untouched.",
      consequence: "A spent refresh token's marker is overwritten, and both racers win.",
      likelyCause: "Insert is an upsert."
    ) { trial in
      let backend = try await trial.open()
      let first = trial.record(.spentRefresh)
      try await backend.store(first)
      let second = first.replacing(revision: trial.revision(), payload: [9])
      trial.expect(try await backend.insert(second), equals: false, "insert over a live record answers false")
      trial.expect(try await backend.load(first.id), equals: first, "the live record is untouched")
    },
    Requirement(
      "record.load.absent", .records,
      "Load of what was never stored answers nil and throws nothing.",
      consequence: "Every first visit is a server error.",
      likelyCause: "No row is taken for a failure."
    ) { trial in
      let backend = try await trial.open()
      for kind in RecordKind.standard {
        trial.expect(try await backend.load(.id(kind, trial.digest())), equals: nil, "an absent \(kind) is nil")
      }
    },
    Requirement(
      "record.load.changesNothing", .records,
      "Load changes nothing that anyone can see, however often it is called.",
      consequence: "A verifier that was peeked at is gone when the callback comes.",
      likelyCause: "Reads touch the record, or take it."
    ) { trial in
      let backend = try await trial.open()
      let record = trial.record(.verifier)
      try await backend.store(record)
      for _ in 0..<5 {
        trial.expect(try await backend.load(record.id), equals: record, "every load answers the same record")
      }
      trial.expect(
        try await backend.replace(record, with: record.replacing(revision: trial.revision())), equals: true,
        "the revision is still the one that was stored")
    },
    Requirement(
      "record.remove.live", .records,
      "Remove makes a live record absent and answers true.",
      consequence: "A logout does nothing.",
      likelyCause: "The delete uses a key built differently from the store's.",
      references: ["axum-oidc-client 0.5.0"]
    ) { trial in
      let backend = try await trial.open()
      let record = trial.record(.session)
      try await backend.store(record)
      trial.expect(try await backend.remove(record.id), equals: true, "remove of a live record answers true")
      trial.expect(try await backend.load(record.id), equals: nil, "the removed record is absent")
    },
    Requirement(
      "record.remove.absent", .records,
      "Remove of what is absent answers false and is no error.",
      consequence: "A second click on “log out” is a server error.",
      likelyCause: "No affected row is taken for a failure."
    ) { trial in
      let backend = try await trial.open()
      let record = trial.record(.session)
      trial.expect(try await backend.remove(record.id), equals: false, "remove of a record never stored answers false")
      try await backend.store(record)
      _ = try await backend.remove(record.id)
      trial.expect(try await backend.remove(record.id), equals: false, "a repeated remove answers false")
    },
    Requirement(
      "record.remove.only", .records,
      "Remove takes one record and leaves its neighbours.",
      consequence: "One logout logs others out.",
      likelyCause: "The delete matches a prefix, or only one of kind and id."
    ) { trial in
      let backend = try await trial.open()
      let neighbours = (0..<8).map { _ in trial.record(.session) }
      for record in neighbours { try await backend.store(record) }
      _ = try await backend.remove(neighbours[3].id)
      for (index, record) in neighbours.enumerated() where index != 3 {
        trial.expect(try await backend.load(record.id), equals: record, "a neighbour is still there")
      }
    },
    Requirement(
      "record.store.afterRemove", .records,
      "A record can be stored, inserted and consumed anew after it was removed.",
      consequence: "Whoever logs out can't log in again.",
      likelyCause: "A tombstone outlives the removal."
    ) { trial in
      let backend = try await trial.open()
      let record = trial.record(.session)
      try await backend.store(record)
      _ = try await backend.remove(record.id)
      trial.expect(try await backend.insert(record), equals: true, "insert after remove answers true")
      _ = try await backend.consume(record.id)
      try await backend.store(record)
      trial.expect(try await backend.load(record.id), equals: record, "store after consume is readable")
    },
    Requirement(
      "record.times.exact", .records,
      "Times and revision survive to the last bit, at the ends of their ranges too.",
      consequence: "Compare-and-swap never matches, or a session ends seconds early.",
      likelyCause: "Seconds instead of milliseconds, floating point, or a signed column for an unsigned revision."
    ) { trial in
      let backend = try await trial.open()
      let ends: [Int64] = [1, 999, Int64.max - trial.now.millisecondsSinceEpoch - 1]
      for (index, revision) in [UInt64.min, 1, UInt64(Int64.max), UInt64(Int64.max) + 1, UInt64.max].enumerated() {
        let record = Record(
          kind: .session, digest: trial.digest(), revision: revision,
          createdAt: Timestamp(millisecondsSinceEpoch: trial.now.millisecondsSinceEpoch - Int64(index)),
          expiresAt: trial.now + .seconds(60) + .milliseconds(ends[index % 3]), payload: [UInt8(index)])
        try await backend.store(record)
        trial.expect(
          try await backend.load(record.id), equals: record,
          "a record with an extreme revision or end is read as stored")
        let next = record.replacing(revision: revision ^ (1 << 63))
        trial.expect(
          try await backend.replace(record, with: next), equals: true, "compare-and-swap sees all 64 bits as equal")
        trial.expect(
          try await backend.replace(record, with: next), equals: false, "compare-and-swap sees the highest bit differ")
      }
    },
    Requirement(
      "record.times.beforeEpoch", .records,
      "Times at the Unix epoch and before it are kept as they are, and a record that ended then is expired.",
      consequence: "A session that was ended by giving it an end of zero lives for ever.",
      likelyCause: "Zero stands for a missing end, or a negative number is read without its sign."
    ) { trial in
      let backend = try await trial.open()
      for milliseconds: Int64 in [0, -1, -86_400_001, Int64.min / 4] {
        let instant = Timestamp(millisecondsSinceEpoch: milliseconds)
        let old = trial.record(.session).replacing(revision: trial.revision(), createdAt: instant)
        try await backend.store(old)
        trial.expect(try await backend.load(old.id), equals: old, "created at \(instant), and read as stored")
        try await backend.store(old.replacing(revision: trial.revision(), expiresAt: .some(instant)))
        trial.expect(try await backend.load(old.id), equals: nil, "ended at \(instant)")
        trial.expect(try await backend.consume(old.id), equals: nil, "and not to be consumed")
        trial.expect(try await backend.insert(old), equals: true, "its id is free")
      }
    },
    Requirement(
      "record.replace.matches", .records,
      "Replace puts the next record in place of the live one with the same revision and answers true.",
      consequence: "No session can be saved.",
      likelyCause: "The comparison converts the revision, or compares the next one."
    ) { trial in
      let backend = try await trial.open()
      let current = trial.record(.session)
      let next = current.replacing(
        revision: trial.revision(), createdAt: current.createdAt + .milliseconds(1),
        expiresAt: .some(trial.now + .seconds(30)), payload: [7])
      try await backend.store(current)
      trial.expect(
        try await backend.replace(current, with: next), equals: true, "replace with the current revision answers true")
      trial.expect(try await backend.load(current.id), equals: next, "the next record is there whole")
    },
    Requirement(
      "record.replace.lateSave", .records,
      "Replace answers false and changes nothing where the revision is another.",
      consequence: "A late save undoes a rotation: the spent refresh token is valid again.",
      likelyCause: "The update asks whether there is a record, not whether it is the same one.",
      references: ["expressjs/session#632", "nextjs-auth0#2530", "vertx-web#2771"]
    ) { trial in
      let backend = try await trial.open()
      let current = trial.record(.session)
      let winner = current.replacing(revision: trial.revision(), payload: [1])
      let late = current.replacing(revision: trial.revision(), payload: [2])
      try await backend.store(current)
      _ = try await backend.replace(current, with: winner)
      trial.expect(
        try await backend.replace(current, with: late), equals: false, "a save from an old reading answers false")
      trial.expect(try await backend.load(current.id), equals: winner, "the winner's record is untouched")
    },
    Requirement(
      "record.replace.neverInserts", .records,
      "Replace never inserts: after a removal it answers false and the record stays absent.",
      consequence: "A logout is undone by a request that was still running.",
      likelyCause: "Update by upsert.",
      references: ["expressjs/session#632", "nextjs-auth0#2590"]
    ) { trial in
      let backend = try await trial.open()
      let current = trial.record(.session)
      let next = current.replacing(revision: trial.revision())
      trial.expect(
        try await backend.replace(current, with: next), equals: false, "replace of what was never stored answers false")
      try await backend.store(current)
      _ = try await backend.remove(current.id)
      trial.expect(
        try await backend.replace(current, with: next), equals: false, "replace after a removal answers false")
      trial.expect(try await backend.load(current.id), equals: nil, "the record stays absent")
    },
    Requirement(
      "record.replace.sameIdentity", .records,
      "Replace by a record of another kind or id throws invalidArgument and changes nothing.",
      consequence: "One session's row is overwritten with another's.",
      likelyCause: "The arguments are not compared."
    ) { trial in
      let backend = try await trial.open()
      let current = trial.record(.session)
      try await backend.store(current)
      let elsewhere = trial.record(.session)
      let otherKind = trial.record(.code, digest: current.digest)
      for next in [elsewhere, otherKind] {
        await trial.expectError(
          .invalidArgument, effect: AuthCacheError.Effect.none, "replace by a stranger is refused"
        ) {
          try await backend.replace(current, with: next)
        }
        trial.expect(try await backend.load(next.id), equals: nil, "the stranger was not written")
      }
      trial.expect(try await backend.load(current.id), equals: current, "the current record is untouched")
    },
    Requirement(
      "record.replace.onlyIdAndRevision", .records,
      "Replace compares the revision alone: a reading that differs in its payload or its end still wins.",
      consequence: "A session that was extended meanwhile can never be saved.",
      likelyCause: "The comparison includes columns that extend changes."
    ) { trial in
      let backend = try await trial.open()
      let current = trial.record(.session, life: trial.shortLife * 10)
      try await backend.store(current)
      _ = try await backend.extend(current.id, to: trial.now + trial.shortLife * 20)
      let next = current.replacing(revision: trial.revision())
      trial.expect(try await backend.replace(current, with: next), equals: true, "extend keeps the revision")
    },
  ]
}
