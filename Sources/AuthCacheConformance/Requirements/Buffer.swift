internal import AuthCache

extension Requirement {
  /// What a write buffer in front of the backend keeps.
  static let buffer: [Requirement] =
    bufferFlush + bufferOrder + bufferVisibility + bufferFailures + bufferSlow + bufferDrain + bufferAcknowledgement
    + bufferParity
    + bufferCrashes + bufferSchedules

  /// When a flush begins, and what it is made of.
  private static let bufferFlush: [Requirement] = [
    Requirement(
      "buffer.flush.fullBatch", .buffer, "A full batch is flushed without waiting for the delay.",
      consequence: "Under load every login waits for a timer.", likelyCause: "Only the timer flushes.",
      deadline: .seconds(20)
    ) { trial in
      let world = try await trial.buffered(.gathering(maxBatch: 4))
      let codes = (0..<4).map { _ in trial.record(.code) }
      _ = try await trial.concurrently(4) { try await world.buffer.store(codes[$0]) }
      for code in codes {
        trial.expect(try await world.store.load(code.id), equals: code, "an acknowledged record is in the store")
      }
    },
    Requirement(
      "buffer.flush.delay", .buffer,
      "An incomplete batch is flushed when the delay has passed since its first write, and not before.",
      consequence: "A quiet server keeps a login waiting for ever, or gathers nothing at all.",
      likelyCause: "The timer is started by the second write, or not looked at.", deadline: .seconds(20)
    ) { trial in
      let world = try await trial.buffered(BufferConfiguration(maxBatch: 100, maxDelay: .seconds(30)))
      let code = trial.record(.code)
      async let storing: Void = world.buffer.store(code)
      await trial.until { world.clock.sleeperCount > 0 || !world.calls.all.isEmpty }
      trial.expect(world.calls.all.isEmpty, "nothing is written before the delay has passed")
      world.clock.advance(by: .seconds(30))
      try await storing
      trial.expect(try await world.store.load(code.id), equals: code, "the record is in the store")
    },
    Requirement(
      "buffer.flush.asked", .buffer, "A flush returns when everything that waited is in the store.",
      consequence: "A server that flushes before it hands over loses what it had accepted.",
      likelyCause: "The flush is started and not waited for."
    ) { trial in
      let world = try await trial.buffered(.gathering())
      let sessions = (0..<20).map { _ in trial.session() }
      for session in sessions { try await world.buffer.store(session) }
      try await world.buffer.flush()
      for session in sessions {
        trial.expect(try await world.store.load(session.id), equals: session, "a flushed record is in the store")
      }
    },
    Requirement(
      "buffer.flush.oneUnit", .buffer, "On a store with bulk operations one flush of many records is one bulk call.",
      consequence: "Each login pays for a commit of its own, and the buffer only adds delay.",
      likelyCause: "The flush loops over single stores.", needs: [.bulk]
    ) { trial in
      let world = try await trial.buffered(.gathering())
      for _ in 0..<20 { try await world.buffer.store(trial.session()) }
      try await world.buffer.flush()
      trial.expect(world.calls.all.count, equals: 1, "twenty records take one call of the store")
    },
    Requirement(
      "buffer.flush.boundedQueue", .buffer, "A full buffer lets writers wait, and loses none of their writes.",
      consequence: "A slow store fills the memory of the server, or drops logins.",
      likelyCause: "The queue has no bound, or drops what exceeds it."
    ) { trial in
      let world = try await trial.buffered(.gathering(maxBatch: 2, capacity: 3))
      world.calls.shut()
      let sessions = (0..<8).map { _ in trial.session() }
      async let storing: [Void] = trial.concurrently(8) { try await world.buffer.store(sessions[$0]) }
      await trial.until { world.calls.waiting > 0 }
      for _ in 0..<200 { await Task.yield() }
      trial.expect(
        world.buffer.unwritten().count <= 3, "no more than the capacity is held", expected: "at most 3",
        found: "\(world.buffer.unwritten().count)")
      world.calls.open()
      _ = try await storing
      try await world.buffer.flush()
      for session in sessions {
        trial.expect(try await world.store.load(session.id), equals: session, "a record that waited is in the store")
      }
    },
  ]

  /// Coalescing, and the order of one record's writes.
  private static let bufferOrder: [Requirement] = [
    Requirement(
      "buffer.coalesce.lastWins", .buffer, "Of many writes of one record that wait, the last is written, once.",
      consequence: "A session that is touched on every request costs a commit each time, or goes back in time.",
      likelyCause: "Writes are kept in a list and not by record."
    ) { trial in
      let world = try await trial.buffered(.gathering())
      let session = trial.session()
      let versions = (0..<10).map { _ in session.replacing(revision: trial.revision()) }
      for version in versions { try await world.buffer.store(version) }
      try await world.buffer.flush()
      trial.expect(try await world.store.load(session.id), equals: versions.last, "the last version is in the store")
      trial.expect(world.calls.sent, equals: [session.id: 1], "ten writes of one record are one")
    },
    Requirement(
      "buffer.coalesce.wholeKey", .buffer, "One digest under two kinds is two records, though both wait.",
      consequence: "A client is lost because a session has its digest.",
      likelyCause: "Writes that wait are kept by digest alone."
    ) { trial in
      let world = try await trial.buffered(.gathering())
      let session = trial.record(.session)
      let client = trial.record(.client, digest: session.digest)
      try await world.buffer.store(session)
      try await world.buffer.store(client)
      try await world.buffer.flush()
      for record in [session, client] {
        trial.expect(try await world.store.load(record.id), equals: record, "a \(record.kind) is in the store")
      }
    },
    Requirement(
      "buffer.order.removeWins", .buffer, "A removal wins over the store of the same record that waits.",
      consequence: "A session that was logged out is written a moment later, and lives.",
      likelyCause: "Removals go past the queue of stores.", references: ["ehcache3#626"]
    ) { trial in
      let world = try await trial.buffered(BufferConfiguration(maxBatch: 8, queued: [.session]))
      for _ in 0..<4 {
        let session = trial.session()
        world.calls.shut()
        try await world.buffer.store(trial.session())
        await trial.until { world.calls.waiting > 0 }
        try await world.buffer.store(session)
        async let removing = world.buffer.remove(session.id)
        for _ in 0..<20 { await Task.yield() }
        world.calls.open()
        trial.expect(try await removing, equals: true, "a record that waits counts as live for its removal")
        try await world.buffer.flush()
        trial.expect(try await world.store.load(session.id), equals: nil, "a removed record is not in the store")
      }
    },
  ]

  /// What other operations see of the writes that wait.
  private static let bufferVisibility: [Requirement] = [
    Requirement(
      "buffer.read.seesWaiting", .buffer, "A read sees the acknowledged write that waits for the same record.",
      consequence: "A token that was just issued is answered with 401.",
      likelyCause: "Reads go past the buffer."
    ) { trial in
      let world = try await trial.buffered(.gathering())
      let session = trial.session()
      try await world.buffer.store(session)
      trial.expect(try await world.buffer.load(session.id), equals: session, "found under its id")
      let changed = session.replacing(revision: trial.revision())
      try await world.buffer.store(changed)
      for lookup in changed.lookups {
        trial.expect(try await world.buffer.load(lookup), equals: changed, "the waiting version, by \(lookup)")
      }
    },
    Requirement(
      "buffer.alias.seesWaiting", .buffer,
      "A lookup by alias sees what waits: the new alias finds, the old one does not.",
      consequence: "A rotated token is accepted until the next flush, and the new one is not.",
      likelyCause: "What waits is indexed by id alone.", needs: [.aliases]
    ) { trial in
      let world = try await trial.buffered(.gathering())
      let old = trial.session()
      try await world.buffer.store(old)
      try await world.buffer.flush()
      let new = old.replacing(
        revision: trial.revision(), aliases: Aliases(accessToken: trial.digest(), refreshToken: trial.digest()))
      try await world.buffer.store(new)
      for lookup in old.lookups.dropFirst() {
        trial.expect(try await world.buffer.load(lookup), equals: nil, "an old token finds nothing")
      }
      let newest = new.replacing(revision: trial.revision())
      try await world.buffer.store(newest)
      if let token = new.aliases.accessToken {
        trial.expect(try await world.buffer.load(.accessToken(token)), equals: newest, "the new token finds it")
      }
    },
    Requirement(
      "buffer.decide.afterWaiting", .buffer,
      "`consume`, `insert`, `replace` and `extend` are decided after what waits for that record.",
      consequence: "A refresh that compares with an old revision undoes a logout.",
      likelyCause: "Only reads look at the buffer."
    ) { trial in
      let world = try await trial.buffered(.gathering())
      let sessions = (0..<4).map { _ in trial.session() }
      for session in sessions { try await world.buffer.store(session) }
      trial.expect(try await world.buffer.consume(sessions[0].id), equals: sessions[0], "consume finds what waits")
      trial.expect(try await world.buffer.insert(sessions[1]), equals: false, "insert finds what waits")
      let next = sessions[2].replacing(revision: trial.revision())
      trial.expect(try await world.buffer.replace(sessions[2], with: next), equals: true, "replace finds what waits")
      let end = trial.now + .seconds(900)
      trial.expect(try await world.buffer.extend(sessions[3].id, to: end), equals: true, "extend finds what waits")
      try await world.buffer.flush()
      trial.expect(try await world.store.load(sessions[0].id), equals: nil, "what was consumed does not come back")
      trial.expect(try await world.store.load(sessions[2].id), equals: next, "what was replaced is not written over")
      trial.expect(
        try await world.store.load(sessions[3].id), equals: sessions[3].extended(to: end), "nor what was extended")
    },
    Requirement(
      "buffer.group.takesWaiting", .buffer, "Revoking a group takes the records that wait with it.",
      consequence: "A session that was just issued survives the revocation of its user.",
      likelyCause: "The group is removed from the store alone.", needs: [.group]
    ) { trial in
      let world = try await trial.buffered(.gathering())
      let subject = trial.digest()
      let sessions = (0..<3).map { _ in trial.session(groups: Groups(subject: subject)) }
      for session in sessions { try await world.buffer.store(session) }
      let removed = try await trial.group(world.buffer).removeAll(in: .subject(subject))
      trial.expect(removed, equals: 3, "what waits is counted")
      try await world.buffer.flush()
      for session in sessions {
        trial.expect(try await world.store.load(session.id), equals: nil, "a revoked record does not come back")
      }
    },
    Requirement(
      "buffer.properties.honest", .buffer,
      "A buffer that acknowledges before it persists does not declare durability or linearizability.",
      consequence: "Somebody relies on a write that a crash undoes.",
      likelyCause: "The delegate's properties are passed on."
    ) { trial in
      let queued = try await trial.buffered(.gathering()).buffer.properties
      trial.expect(queued.durability, equals: .none, "durability with queued kinds")
      trial.expect(queued.consistency != .linearizable, "consistency with queued kinds is less than linearizable")
      let plain = try await trial.buffered(BufferConfiguration()).buffer.properties
      trial.expect(plain, equals: trial.properties, "without queued kinds nothing is taken away")
    },
  ]
}
