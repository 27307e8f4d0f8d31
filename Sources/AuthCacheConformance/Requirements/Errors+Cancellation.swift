internal import AuthCache

extension Requirement {
  /// What becomes of the operations of cancelled tasks.
  static let cancellations: [Requirement] = [
    Requirement(
      "error.cancel.doneOrNotDone", .errors,
      "An operation of a cancelled task is done, or throws `cancelled` and tells truly whether it had an effect.",
      consequence: "A client that hangs up leaves behind a code that is used up, or one that is not.",
      likelyCause: "The statement has been carried out when the cancellation is noticed.", references: ["CTRLRun#56"]
    ) { trial in
      let backend = try await trial.open()
      for round in 0..<20 {
        let stored = trial.record(.session)
        let ending = try await trial.whileCancelled { try await backend.store(stored) }
        try await trial.judge(ending, store: stored, on: backend)

        let consumed = trial.record(.code)
        try await backend.store(consumed)
        let taken = try await trial.whileCancelled { try await backend.consume(consumed.id) }
        let left = try await backend.load(consumed.id)
        switch taken {
        case .answered(let record):
          trial.expect(record, equals: consumed, "a consume of a cancelled task that answers hands out the record")
          trial.expect(left, equals: nil, "and then it is gone")
        case .threw(let error):
          trial.expect(error.code, equals: .cancelled, "a consume of a cancelled task (round \(round))")
          if error.effect == .none { trial.expect(left, equals: consumed, "without effect the record is still there") }
        }
      }
    },
    Requirement(
      "error.cancel.noneMeansNever", .errors,
      "What throws `cancelled` with effect `none` has not happened and does not happen later, also if it was under way.",
      consequence: "A client hangs up, is told that nothing was done, logs in again, and has two sessions.",
      likelyCause: "The caller is answered while the statement goes on without it."
    ) { trial in
      let backend = try await trial.open()
      var ended: [(CancelledCall, CallEnding<BackendAnswer>)] = []
      for round in 0..<6 {
        let calls = (0..<24).map { trial.cancelledCall($0) }
        try await backend.storeEach(calls.compactMap(\.before))
        let endings = try await trial.whileOthersAreCancelled(calls.map(\.call), on: backend, from: round)
        for (number, (call, ending)) in zip(calls, endings).enumerated() {
          if number.isMultiple(of: 2), let error = ending.error {
            trial.fail("a call that nobody cancelled is served", expected: "an answer", found: "\(error.code)")
          }
          try await trial.judge(ending, of: call, on: backend)
        }
        ended += zip(calls, endings)
      }
      // What went on without its caller has ended when the store is closed.
      guard trial.subject.factory.reopen != nil, trial.properties.durability != .none else {
        for (call, ending) in ended { try await trial.judge(ending, of: call, on: backend) }
        return
      }
      try await backend.close()
      let reopened = try await trial.reopen()
      for (call, ending) in ended { try await trial.judge(ending, of: call, on: reopened) }
    },
    Requirement(
      "error.cancel.leavesOthersAlone", .errors,
      "Operations of tasks that are not cancelled succeed beside others that are.",
      consequence: "One impatient client fails the requests of others.",
      likelyCause: "Callers wait for one shared attempt, and its cancellation is theirs.",
      references: ["layercache#59"]
    ) { trial in
      let backend = try await trial.open()
      let record = trial.record(.session)
      try await backend.store(record)
      for _ in 0..<4 {
        let wrong = try await trial.concurrently(12) { number -> AuthCacheError? in
          if number.isMultiple(of: 2) {
            _ = try await trial.whileCancelled { try await backend.load(record.id) }
            return nil
          }
          for _ in 0..<8 {
            if let error = try await CallEnding(of: { try await backend.load(record.id) }).error { return error }
            await Task.yield()
          }
          return nil
        }
        for error in wrong.compactMap({ $0 }) {
          trial.fail("a task that is not cancelled is served", expected: "the record", found: "\(error.code)")
          return
        }
      }
    },
    Requirement(
      "error.cancel.givesBack", .errors,
      "After two hundred cancelled operations the backend serves as before.",
      consequence: "Clients that hang up drain the pool, and after a while nobody is served.",
      likelyCause: "A cancelled task keeps its connection, or its late answer goes to the next caller."
    ) { trial in
      let backend = try await trial.open()
      let records = (0..<20).map { _ in trial.record(.session) }
      for record in records { try await backend.store(record) }
      _ = try await trial.concurrently(10) { task in
        for round in 0..<20 {
          let record = records[(task + round) % records.count]
          if round.isMultiple(of: 3) {
            _ = try await trial.whileCancelled { try await backend.extend(record.id, to: trial.now + .seconds(1)) }
          } else {
            _ = try await trial.whileCancelled { try await backend.load(record.id) }
          }
        }
      }
      let found = try await trial.concurrently(40) { try await backend.load(records[$0 % records.count].id) }
      for (number, found) in found.enumerated() {
        trial.expect(found, equals: records[number % records.count], "each caller gets the record it asked for")
      }
      let anew = trial.record()
      try await backend.store(anew)
      trial.expect(try await backend.consume(anew.id), equals: anew, "and it is written to")
    },
  ]
}

extension Trial {
  /// Records a breach unless the store holds what `ending` says that it does.
  func judge(_ ending: CallEnding<Void>, store record: Record, on backend: any AuthCacheBackend) async throws {
    let found = try await backend.load(record.id)
    switch ending {
    case .answered: expect(found, equals: record, "a store of a cancelled task that answers is done")
    case .threw(let error):
      expect(error.code, equals: .cancelled, "a store of a cancelled task")
      if error.effect == .none {
        expect(found, equals: nil, "without effect nothing is there")
      } else {
        expect(found == nil || found == record, "in doubt it is there whole or not at all")
      }
    }
  }
}
