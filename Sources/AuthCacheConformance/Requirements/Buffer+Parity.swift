internal import AuthCache

extension Requirement {
  /// That nobody can tell by what is read or answered whether there is a buffer, and what is beneath it.
  static let bufferParity: [Requirement] = [
    Requirement(
      "buffer.bulk.afterWaiting", .buffer, "Bulk operations see what waits, and come after it.",
      consequence: "A list of sessions lacks the one that was just issued; a bulk logout is undone by it.",
      likelyCause: "Only the single operations look at the buffer.", needs: [.bulk]
    ) { trial in
      let world = try await trial.buffered(.gathering())
      let bulk = try trial.bulk(world.buffer)
      let sessions = (0..<6).map { _ in trial.session() }
      for session in sessions { try await world.buffer.store(session) }
      trial.expect(
        try await bulk.load(contentsOf: sessions.prefix(2).map(\.id)), equals: Array(sessions.prefix(2)),
        "what a bulk load finds of what waits")
      let newer = sessions[2..<4].map { $0.replacing(revision: trial.revision()) }
      try await bulk.store(contentsOf: newer)
      trial.expect(
        try await bulk.remove(contentsOf: sessions[4..<6].map(\.id)), equals: [true, true],
        "what waits counts as live for its bulk removal")
      try await world.buffer.flush()
      let found = try await trial.bulk(world.store).load(contentsOf: sessions.map(\.id))
      trial.expect(found, equals: sessions.prefix(2) + newer + [nil, nil], "what is in the store at the end")
    },
    Requirement(
      "buffer.listing.seesWaiting", .buffer, "A listing has what waits in it.",
      consequence: "A client that was just registered is not in the list.", likelyCause: "Listings go past the buffer.",
      needs: [.listing]
    ) { trial in
      let world = try await trial.buffered(.gathering())
      let clients = (0..<5).map { _ in trial.record(.client) }
      for client in clients { try await world.buffer.store(client) }
      let page = try await trial.listing(world.buffer).records(of: .client, after: nil, limit: 10)
      trial.expect(Set(page), equals: Set(clients), "what a listing finds")
    },
    Requirement(
      "buffer.fallback.parity", .buffer,
      "Over a store without bulk operations a flush comes to the same: in order, and a refused record fails alone.",
      consequence: "Half of a flush is lost where the store takes one record at a time.",
      likelyCause: "The loop over single calls ends at the first that fails.", needs: [.aliases]
    ) { trial in
      for hasBulk in [true, false] {
        let world = try await trial.buffered(.gathering(maxBatch: 100), hidingBulk: !hasBulk)
        let words = hasBulk ? "as it is" : "without bulk operations"
        let holder = trial.session()
        try await world.store.store(holder)
        let refused = trial.record(.session, aliases: holder.aliases)
        let others = (0..<8).map { _ in trial.session() }
        let newest = others.map { $0.replacing(revision: trial.revision()) }
        for session in others[0..<4] + [refused] + others[4..<8] + newest { try await world.buffer.store(session) }
        await trial.expectError(.conflict, "the failure is told, \(words)") { try await world.buffer.flush() }
        for session in newest {
          trial.expect(try await world.store.load(session.id), equals: session, "the others are written, \(words)")
        }
        trial.expect(try await world.store.load(refused.id), equals: nil, "the refused one is not, \(words)")
        trial.expect(world.buffer.unwritten().map(\.record), equals: [refused], "what is kept, \(words)")
      }
    },
    Requirement(
      "buffer.failure.everyCall", .buffer,
      "Whichever call of the store fails, what callers are told is what was done, and nothing else is touched.",
      consequence: "A login that was refused has taken place, or one that took place is refused.",
      likelyCause: "A call that may have been carried out is repeated, or its error is lost.",
      references: ["CTRLRun#56"],
      deadline: .seconds(90)
    ) { trial in
      for effect in [AuthCacheError.Effect.none, .unknown] {
        for number in 0... {
          let (failed, ended) = try await trial.sweepBuffer(failing: number, effect)
          if ended { break }
          let most = effect == .none ? 0...1 : 1...1
          trial.expect(
            most.contains(failed), "callers that were told of the failure of call \(number), effect \(effect.rawValue)",
            expected: "\(most)", found: "\(failed)")
        }
      }
    },
    Requirement(
      "buffer.failure.exactly", .buffer, "A failure reaches who waits for that record, once, and nobody else.",
      consequence: "One poisonous record fails the logins of everybody in its batch.",
      likelyCause: "The error of a flush is handed to all who wait for the flush.", needs: [.aliases]
    ) { trial in
      let world = try await trial.buffered(BufferConfiguration(maxBatch: 6, maxDelay: .seconds(60)))
      let holder = trial.session()
      try await world.store.store(holder)
      let refused = trial.record(.session, aliases: holder.aliases)
      let sessions = (0..<5).map { _ in trial.session() } + [refused]
      let endings = try await trial.concurrently(6) { number in
        try await CallEnding { try await world.buffer.store(sessions[number]) }
      }
      trial.expect(
        endings.map { $0.error?.code }, equals: [nil, nil, nil, nil, nil, .conflict], "what each of six is told")
      for session in sessions.prefix(5) {
        let ending = try await CallEnding { try await world.buffer.load(session.id) }
        trial.expect(ending.error?.code, equals: nil, "what a later reader of another record is told")
      }
    },
  ]

  /// When a caller is told that its write is done.
  static let bufferAcknowledgement: [Requirement] = [
    Requirement(
      "buffer.acknowledge.persisted", .buffer,
      "A store of a kind that is not queued, and any removal, return when they are in the store, and not before.",
      consequence: "A crash undoes a login, or a logout, that was confirmed.",
      likelyCause: "Everything is acknowledged when it is in the queue."
    ) { trial in
      let world = try await trial.buffered(BufferConfiguration(queued: [.session]))
      let (code, session) = (trial.record(.code), trial.session())
      try await world.store.store(session)
      for isRemoval in [false, true] {
        world.calls.shut()
        let returned = Memo(false)
        let writing = Task {
          if isRemoval { _ = try await world.buffer.remove(session.id) } else { try await world.buffer.store(code) }
          returned.with { $0 = true }
        }
        _ = await trial.soon { world.calls.waiting > 0 }
        await trial.letOthersRun()
        trial.expect(!returned.with { $0 }, "\(isRemoval ? "a removal" : "a store") waits for the store")
        world.calls.open()
        try await writing.value
        let (lookup, expected) = isRemoval ? (session.id, nil) : (code.id, code)
        trial.expect(try await world.store.load(lookup), equals: expected, "what is in the store when it has returned")
      }
    },
    Requirement(
      "buffer.acknowledge.notOneTime", .buffer, "A kind of which each record is used once can't be queued.",
      consequence: "A code is redeemed on an instance that crashes, and redeemed again on the next.",
      likelyCause: "Which kinds are queued is the caller's to choose, and is believed."
    ) { trial in
      for kind in [RecordKind.state, .verifier, .code, .spentRefresh] {
        await trial.expectError(.invalidArgument, "a buffer that queues each \(kind)") {
          _ = try await trial.buffered(BufferConfiguration(queued: [.session, kind]))
        }
      }
    },
    Requirement(
      "buffer.read.bypass", .buffer, "A read that is to go past the buffer flushes nothing and does not wait.",
      consequence: "Every read pays for a flush, though the buffer was told that it need not.",
      likelyCause: "The setting changes what is declared, and not what is done."
    ) { trial in
      var configuration = BufferConfiguration.gathering()
      configuration.reads = .bypass
      let world = try await trial.buffered(configuration)
      let session = trial.session()
      try await world.buffer.store(session)
      trial.expect(try await world.buffer.load(session.id), equals: nil, "what a read finds of what waits")
      trial.expect(world.calls.sent, equals: [:], "what a read makes the buffer write")
      if case .stale = world.buffer.properties.consistency {
      } else {
        trial.fail("the consistency", expected: "stale", found: "\(world.buffer.properties.consistency)")
      }
      try await world.buffer.flush()
      trial.expect(try await world.buffer.load(session.id), equals: session, "what it finds after the flush")
    },
    Requirement(
      "buffer.flush.delayFromFirst", .buffer, "The delay runs from the first write that waits, however many follow.",
      consequence: "As long as writes keep coming none is written.", likelyCause: "Each write starts the timer anew.",
      deadline: .seconds(20)
    ) { trial in
      let world = try await trial.buffered(BufferConfiguration(maxBatch: 100, maxDelay: .seconds(30)))
      let codes = (0..<2).map { _ in trial.record(.code) }
      async let first: Void = world.buffer.store(codes[0])
      try trial.require(await trial.soon { world.clock.sleeperCount > 0 }, "the buffer waits for its delay")
      world.clock.advance(by: .seconds(20))
      async let second: Void = world.buffer.store(codes[1])
      await trial.letOthersRun()
      trial.expect(world.calls.all.isEmpty, "nothing is written before the delay has passed")
      world.clock.advance(by: .seconds(10))
      let isWritten = await trial.soon { !world.calls.all.isEmpty }
      trial.expect(isWritten, "the first is written when its delay has passed")
      await trial.until {
        world.clock.advance(by: .seconds(30))
        return world.calls.sent.count == 2
      }
      _ = try await (first, second)
    },
    Requirement(
      "buffer.order.storeAfterRemove", .buffer, "A record that is removed and stored again is there.",
      consequence: "A user who logs out and in again is logged out a moment later.",
      likelyCause: "Removals are gathered apart from stores, and sent after them.", references: ["ehcache3#626"]
    ) { trial in
      let world = try await trial.buffered(BufferConfiguration(maxBatch: 8, queued: [.session]))
      for _ in 0..<4 {
        let session = trial.session()
        try await world.store.store(session)
        world.calls.shut()
        async let removing = world.buffer.remove(session.id)
        _ = await trial.soon { world.calls.waiting > 0 }
        let again = session.replacing(revision: trial.revision())
        try await world.buffer.store(again)
        world.calls.open()
        trial.expect(try await removing, equals: true, "a live record is removed")
        try await world.buffer.flush()
        trial.expect(try await world.store.load(session.id), equals: again, "what was stored after its removal")
      }
    },
    Requirement(
      "buffer.drain.leavesNoTask", .buffer, "No task that the buffer started outlives its close.",
      consequence: "Each reload of the configuration leaves a timer behind, which writes into a closed store.",
      likelyCause: "The flush that is waiting for its delay is forgotten."
    ) { trial in
      let world = try await trial.buffered(
        BufferConfiguration(maxBatch: 100, maxDelay: .seconds(30), queued: [.session]))
      for _ in 0..<3 { try await world.buffer.store(trial.session()) }
      _ = await trial.soon { world.clock.sleeperCount > 0 }
      try await world.buffer.close()
      trial.expect(world.tasks.running, equals: 0, "tasks that run when close has returned")
    },
  ]
}

extension Trial {
  /// Work on a few records through a buffer, whose store fails at its call of that number, counted from zero. What is
  /// answered is compared with a model.
  ///
  /// - Returns: how many callers were told, and whether there was no such call.
  fileprivate func sweepBuffer(
    failing number: Int, _ effect: AuthCacheError.Effect
  ) async throws -> (failed: Int, ended: Bool) {
    let watch = StoreWatch()
    let world = try await buffered(BufferConfiguration(queued: []), watchedBy: watch)
    let (a, b, c) = (session(groups: Groups(subject: digest())), session(), record(.client, life: nil))
    let next = a.replacing(revision: 2, payload: [2])
    var script: [BackendCall] = [
      .store(a), .insert(b), .load(b.id), .store(c), .replace(a, with: next), .extend(b.id, to: now + .seconds(900)),
      .remove(c.id), .insert(c), .load(c.id),
    ]
    if capabilities.contains(.bulk) { script += [.storeContents([a, b]), .removeContents([c.id, b.id])] }
    if capabilities.contains(.group), let group = a.groups.all.first { script.append(.removeAll(group)) }
    script += [.store(b), .consume(b.id), .remove(a.id)]

    let calls = Memo(0)
    watch.rule { call, proceed throws(AuthCacheError) in
      if call == .close { return try await proceed(call) }
      let turn = calls.with { calls in
        calls += 1
        return calls - 1
      }
      guard turn == number else { return try await proceed(call) }
      if effect == .unknown { _ = try await proceed(call) }
      throw AuthCacheError(.timeout, effect: effect, operation: call.operation, "the check lost the answer")
    }
    var model = ReferenceModel(properties: properties)
    var failed = 0
    for call in script {
      let before = model
      let expected = try model.perform(call, at: now)
      switch try await CallEnding(of: { try await world.buffer.perform(call) }) {
      case .answered(let answer): expect(answer, equals: expected, "what \(call.operation) answers")
      case .threw(let error):
        failed += 1
        expect(error.code == .timeout && error.effect == effect, "what \(call.operation) throws", found: "\(error)")
        // Lost was the answer alone, if the effect is unknown.
        if effect == .none { model = before }
      }
      for lookup in Set([a, b, c].flatMap(\.lookups)) {
        expect(
          try await world.store.load(lookup), equals: model.live(lookup, at: now),
          "\(lookup) in the store after \(call.operation), where call \(number) failed")
      }
    }
    try await world.buffer.close()
    return (failed, calls.with { $0 } <= number)
  }
}
