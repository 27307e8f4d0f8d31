internal import AuthCache

extension Requirement {
  /// Who hears of a flush that fails.
  static let bufferFailures: [Requirement] = [
    Requirement(
      "buffer.failure.alone", .buffer,
      "A record that the store refuses fails alone: the others of its flush are written.",
      consequence: "One poisonous record fails every flush from then on.",
      likelyCause: "A bulk call that failed is reported to everybody, or repeated as it was.", needs: [.aliases]
    ) { trial in
      let world = try await trial.buffered(.gathering(maxBatch: 5))
      let holder = trial.session()
      try await world.store.store(holder)
      // One token, two sessions: the store refuses the second.
      let refused = Record(
        kind: .session, digest: trial.digest(), revision: trial.revision(), createdAt: trial.now,
        expiresAt: trial.now + .seconds(600), aliases: holder.aliases, payload: [1])
      let others = (0..<4).map { _ in trial.session() }
      for session in [others[0], others[1], refused, others[2], others[3]] { try await world.buffer.store(session) }
      await trial.expectError(.conflict, "the failure is told") { try await world.buffer.flush() }
      for session in others {
        trial.expect(try await world.store.load(session.id), equals: session, "the others are written")
      }
      trial.expect(try await world.store.load(refused.id), equals: nil, "the refused record is not")
    },
    Requirement(
      "buffer.failure.told", .buffer, "A writer that waits for its flush is told when it fails, with the effect.",
      consequence: "Silent loss: the user is logged in until the next request.",
      likelyCause: "Write errors are logged and swallowed.", references: ["Hummingbird's Fluent driver"]
    ) { trial in
      let world = try await trial.buffered(BufferConfiguration())
      for effect in [AuthCacheError.Effect.none, .unknown] {
        world.calls.fail { call in
          AuthCacheError(.unavailable, effect: effect, operation: call.operation, "the check cut the store off")
        }
        let code = trial.record(.code)
        await trial.expectError(.unavailable, effect: effect, "a failed flush is told") {
          try await world.buffer.store(code)
        }
        await trial.expectError(.unavailable, effect: effect, "so is a failed removal") {
          try await world.buffer.remove(code.id)
        }
        world.calls.fail(nil)
        trial.expect(try await world.buffer.load(code.id), equals: nil, "and nothing was written")
      }
    },
    Requirement(
      "buffer.failure.doubtIsNotRepeated", .buffer,
      "A write that may have been applied is not sent again; one that certainly was not is sent once more.",
      consequence: "A write that was thought lost comes back over a later one.",
      likelyCause: "Everything that fails is retried.", references: ["CTRLRun#56"]
    ) { trial in
      let world = try await trial.buffered(BufferConfiguration())
      for (effect, attempts) in [(AuthCacheError.Effect.unknown, 1), (.none, 2)] {
        world.calls.fail { call in
          AuthCacheError(.timeout, effect: effect, operation: call.operation, "the check lost the answer")
        }
        let code = trial.record(.code)
        await trial.expectError(.timeout, effect: effect, "the failure is told") { try await world.buffer.store(code) }
        trial.expect(world.calls.sent[code.id] ?? 0, equals: attempts, "attempts after a failure with effect \(effect)")
      }
    },
    Requirement(
      "buffer.failure.kept", .buffer,
      "An acknowledged write that failed is told to the next caller, kept, and counted by close.",
      consequence: "A record that was accepted vanishes without a trace.",
      likelyCause: "What is flushed is taken off the queue before it is written.", references: ["provena#41"]
    ) { trial in
      let world = try await trial.buffered(BufferConfiguration(queued: [.session]))
      world.calls.fail { call in
        AuthCacheError(.timeout, effect: .unknown, operation: call.operation, "the check lost the answer")
      }
      let session = trial.session()
      try await world.buffer.store(session)
      await trial.until { world.buffer.unwritten().first?.error != nil || world.buffer.unwritten().isEmpty }
      world.calls.fail(nil)
      trial.expect(world.buffer.unwritten().map(\.record), equals: [session], "the record is kept")
      await trial.expectError(.timeout, "the next caller is told") {
        try await world.buffer.load(trial.digest(), .code)
      }
      let error = await trial.expectError(.drainIncomplete, "close says what is left") {
        try await world.buffer.close()
      }
      trial.expect(error?.unwritten ?? [:], equals: [.session: 1], "what is left is counted")
    },
  ]

  /// What a call that takes long holds up.
  static let bufferSlow: [Requirement] = [
    Requirement(
      "buffer.slow.othersWritten", .buffer,
      "While the store is slow for one record, the others are written, removed and read.",
      consequence: "One locked row stops every login.",
      likelyCause: "One flush at a time, and the next waits for all of the last.",
      deadline: .seconds(25)
    ) { trial in
      for hidingBulk in [false, true] {
        let (watch, door) = (StoreWatch(), Door())
        let world = try await trial.buffered(BufferConfiguration(maxBatch: 4), hidingBulk: hidingBulk, watchedBy: watch)
        let slow = trial.session()
        let others = (0..<24).map { _ in trial.session() }
        for session in others.suffix(8) { try await world.store.store(session) }
        watch.rule { call, proceed throws(AuthCacheError) in
          let isSlow =
            switch call {
            case .store(let record): record.digest == slow.digest
            case .storeContents(let records): records.contains { $0.digest == slow.digest }
            default: false
            }
          if isSlow { try await door.pass(call.operation) }
          return try await proceed(call)
        }
        async let writing: Void = world.buffer.store(slow)
        try trial.require(await trial.soon { door.waiting == 1 }, "the slow write reaches the store")
        let ended = Memo(0)
        async let working: [Void] = trial.concurrently(others.count) { number in
          let session = others[number]
          if number < 16 {
            try await world.buffer.store(session)
            trial.expect(try await world.buffer.load(session.id), equals: session, "another record is read")
          } else {
            trial.expect(try await world.buffer.remove(session.id), equals: true, "another record is removed")
          }
          ended.with { $0 += 1 }
        }
        // However patient a buffer is: a minute of its time passes, tick by tick.
        let end = world.clock.now + .seconds(60)
        let finished = await trial.soon {
          if world.clock.now < end { world.clock.advance(by: .milliseconds(20)) }
          return ended.with { $0 } == others.count
        }
        trial.expect(
          finished, "others end while one waits", expected: "\(others.count) ended", found: "\(ended.with { $0 })")
        door.open()
        _ = try await working
        try await writing
        trial.expect(try await world.store.load(slow.id), equals: slow, "the slow one is written")
      }
    }
  ]

  /// What close makes of the writes that wait.
  static let bufferDrain: [Requirement] = [
    Requirement(
      "buffer.drain.writesAll", .buffer, "Close writes what waits, and then closes the store.",
      consequence: "Every deployment loses the logins of its last moments.",
      likelyCause: "Close closes the store and forgets the queue.", references: ["teranode#1523"]
    ) { trial in
      let world = try await trial.buffered(.gathering())
      let sessions = (0..<30).map { _ in trial.session() }
      for session in sessions { try await world.buffer.store(session) }
      try await world.buffer.close()
      trial.expect(world.calls.sent.count, equals: 30, "every record was sent before the store was closed")
      let last = world.calls.all.last?.operation
      trial.expect(last, equals: .close, "the store is closed last")
      await trial.expectError(.closed, "the store is closed") { try await world.store.load(sessions[0].id) }
    },
    Requirement(
      "buffer.drain.cancelledCaller", .buffer, "Close drains although the task that calls it is cancelled.",
      consequence: "A graceful shutdown, which cancels, drains nothing.",
      likelyCause: "The drain runs in the cancelled task.", references: ["swift-service-lifecycle"]
    ) { trial in
      let world = try await trial.buffered(.gathering())
      for _ in 0..<10 { try await world.buffer.store(trial.session()) }
      let closing = Task { [buffer = world.buffer] in
        while !Task.isCancelled { await Task.yield() }
        try await buffer.close()
      }
      closing.cancel()
      try await closing.value
      trial.expect(world.calls.sent.count, equals: 10, "every record was sent")
    },
    Requirement(
      "buffer.drain.whileWriting", .buffer,
      "While tasks write and the buffer closes, each write is persisted or its caller is told otherwise.",
      consequence: "A login during shutdown is acknowledged and lost.",
      likelyCause: "The queue still takes writes when nobody empties it any more.", references: ["teranode#1523"]
    ) { trial in
      let world = try await trial.buffered(BufferConfiguration(maxBatch: 16, queued: [.session]))
      let records = (0..<200).map { trial.record($0.isMultiple(of: 2) ? .session : .code) }
      async let writing = trial.concurrently(200) { number -> Bool in
        if number == 100 { _ = try await CallEnding(of: { try await world.buffer.close() }) }
        let error = try await CallEnding(of: { try await world.buffer.store(records[number]) }).error
        if let error, error.code != .closed {
          trial.fail("a write beside close", expected: "closed", found: "\(error)")
        }
        return error == nil
      }
      let acknowledged = try await writing
      try await world.buffer.close()
      let sent = world.calls.sent
      let wrong = zip(records, acknowledged).filter { record, isAcknowledged in
        (sent[record.id] != nil) != isAcknowledged
      }
      trial.expect(wrong.count, equals: 0, "writes whose callers were told something else than what was done")
    },
    Requirement(
      "buffer.drain.deadline", .buffer,
      "A drain that reaches its deadline closes the store, and names what is left with counts per kind.",
      consequence: "A server that hangs in its shutdown is killed, and nobody knows what was lost.",
      likelyCause: "The drain has no deadline, or reports success at it.", deadline: .seconds(8)
    ) { trial in
      let world = try await trial.buffered(.gathering(maxBatch: 2, capacity: 100, drainDeadline: .seconds(20)))
      world.calls.shut()
      for number in 0..<6 { try await world.buffer.store(trial.record(number < 2 ? .client : .session)) }
      await trial.until { world.calls.waiting > 0 }
      world.calls.fail { call in
        AuthCacheError(.cancelled, effect: .unknown, operation: call.operation, "the check never answered")
      }
      let hasEnded = Memo(false)
      async let closing = trial.expectError(.drainIncomplete, "a drain that was cut short") {
        defer { hasEnded.with { $0 = true } }
        try await world.buffer.close()
      }
      // Nobody else moves this clock, and the deadline is counted from wherever it stands.
      await trial.until {
        world.clock.advance(by: .seconds(1))
        return hasEnded.with { $0 }
      }
      let error = await closing
      trial.expect(error?.unwritten ?? [:], equals: [.client: 2, .session: 4], "what is left, by kind")
      trial.expect(world.calls.all.contains { $0.operation == .close }, "the store is closed")
    },
  ]
}

extension AuthCacheBackend {
  fileprivate func load(_ digest: RecordDigest, _ kind: RecordKind) async throws(AuthCacheError) -> Record? {
    try await load(.id(kind, digest))
  }
}
