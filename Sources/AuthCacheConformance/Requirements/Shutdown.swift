internal import AuthCache

extension Requirement {
  static let shutdown: [Requirement] = closed + closing

  /// What a closed backend says.
  private static let closed: [Requirement] = [
    Requirement(
      "backend.close.refusesOperations", .shutdown,
      "After close every operation throws `closed`, and says that nothing was done.",
      consequence: "A write during shutdown is accepted and lost, or a lookup reports that everybody is logged out.",
      likelyCause: "The handle is emptied and goes on answering.", references: ["teranode#1523"]
    ) { trial in
      let backend = try await trial.open()
      let record = trial.record(.session)
      try await backend.store(record)
      try await backend.close()
      await trial.expectError(
        .closed, effect: AuthCacheError.Effect.none, of: trial.calls(about: record), on: backend, "after close")
    },
    Requirement(
      "bulk.close.refuses", .shutdown, "After close every bulk operation throws `closed`.",
      consequence: "A flush during shutdown is accepted and lost.",
      likelyCause: "The bulk path has no test of its own.",
      needs: [.bulk]
    ) { trial in
      let backend = try await trial.open()
      let record = trial.record(.session)
      try await backend.store(record)
      try await backend.close()
      let calls: [BackendCall] = [.storeContents([record]), .removeContents([record.id]), .loadContents([record.id])]
      await trial.expectError(.closed, of: calls, on: backend, "after close")
    },
    Requirement(
      "group.close.refuses", .shutdown, "After close the removal of a group throws `closed`.",
      consequence: "A logout during shutdown is acknowledged and the sessions live on.",
      likelyCause: "A closed handle finds no members and counts zero.", needs: [.group]
    ) { trial in
      let backend = try await trial.open()
      let subject = trial.digest()
      try await backend.store(trial.record(.session, groups: Groups(subject: subject)))
      try await backend.close()
      await trial.expectError(.closed, of: [.removeAll(.subject(subject))], on: backend, "after close")
    },
    Requirement(
      "client.close.refusesListing", .shutdown, "After close a listing throws `closed`.",
      consequence: "A report made during shutdown says that there are no clients.",
      likelyCause: "A closed handle lists nothing.", needs: [.listing]
    ) { trial in
      let backend = try await trial.open()
      try await backend.store(trial.record(.client))
      try await backend.close()
      await trial.expectError(.closed, of: [.records(of: .client, after: nil, limit: 10)], on: backend, "after close")
    },
    Requirement(
      "backend.close.answersAlike", .shutdown, "A repeated close answers as the first one did.",
      consequence: "A service that is stopped twice, by a signal and by its group, reports a failed shutdown.",
      likelyCause: "Close is an operation like the others and throws `closed`."
    ) { trial in
      let backend = try await trial.open()
      try await backend.store(trial.record())
      for _ in 0..<3 {
        if let error = try await CallEnding(of: { try await backend.close() }).error {
          trial.fail(
            "close returns, and so does a repeated close", expected: "no error",
            found: "\(error.code) with effect \(error.effect.rawValue)")
        }
      }
    },
    Requirement(
      "backend.close.manyAtOnce", .shutdown,
      "Of many closes at once each returns when the backend is closed, and not before.",
      consequence: "The process ends while another task still writes what was accepted.",
      likelyCause: "A repeated close returns at once while the first is still at work.",
      references: ["axum-oidc-client 0.5.0: `shutdown()` does not join"]
    ) { trial in
      for _ in 0..<4 {
        let backend = try await trial.open()
        let record = trial.record()
        try await backend.store(record)
        let early = try await trial.concurrently(8) { _ -> Bool in
          try await backend.close()
          return try await CallEnding(of: { try await backend.load(record.id) }).error?.code != .closed
        }
        trial.expect(
          !early.contains(true), "whoever has closed it finds it closed", expected: "closed, eight times",
          found: "\(early.count { $0 }) of eight closes returned before the end")
      }
    },
  ]

  /// What happens while a backend is being closed.
  private static let closing: [Requirement] = [
    Requirement(
      "backend.close.operationsInFlight", .shutdown,
      "Operations in flight at close finish or throw `closed`, and close ends.",
      consequence: "A deployment hangs until it is killed, or requests fail for a reason that nobody can act on.",
      likelyCause: "Close waits for a count that a failing operation never lowers.", deadline: .seconds(10)
    ) { trial in
      for round in 0..<4 {
        let backend = try await trial.open()
        let records = (0..<60).map { _ in trial.record() }
        let closer = round * 17
        let wrong = try await trial.concurrently(records.count) { number -> AuthCacheError? in
          if number == closer {
            try await backend.close()
            return nil
          }
          let ending = try await CallEnding(of: { () -> Record? in
            try await backend.store(records[number])
            return try await backend.load(records[number].id)
          })
          switch ending {
          case .answered(let found):
            return found == records[number]
              ? nil : AuthCacheError(.corrupt, operation: .load, "another record was found")
          case .threw(let error): return error.code == .closed ? nil : error
          }
        }
        for error in wrong.compactMap({ $0 }) {
          trial.fail("an operation at close is answered or closed", expected: "closed", found: "\(error.code)")
          return
        }
      }
    },
    Requirement(
      "backend.close.runsThoughCancelled", .shutdown, "Close runs to its end in a task that has been cancelled.",
      consequence: "On a graceful shutdown nothing is drained: the task that drains is the one that was cancelled.",
      likelyCause: "Close awaits something that throws when its task is cancelled.",
      references: ["swift-service-lifecycle: graceful shutdown cancels"]
    ) { trial in
      let backend = try await trial.open()
      let record = trial.record()
      try await backend.store(record)
      if let error = try await trial.whileCancelled({ try await backend.close() }).error {
        trial.fail("close in a cancelled task returns", expected: "no error", found: "\(error.code)")
      }
      await trial.expectError(.closed, of: [.load(record.id)], on: backend, "after a close in a cancelled task")
    },
    Requirement(
      "backend.close.keepsAcknowledged", .shutdown,
      "Whatever was acknowledged before or during close is there when the store is opened again.",
      consequence: "With every deployment some of the logins of the last moment are lost.",
      likelyCause: "What waits in a queue at close is dropped.", references: ["provena#41", "teranode#1523"],
      needs: [.reopen, .durability(.process)]
    ) { trial in
      for round in 0..<3 {
        let backend = try await trial.open()
        let records = (0..<40).map { _ in trial.session() }
        let endings = try await trial.concurrently(records.count) { number -> CallEnding<Void>? in
          if number == round * 15 {
            try await backend.close()
            return nil
          }
          return try await CallEnding(of: { try await backend.store(records[number]) })
        }
        let reopened = try await trial.reopen()
        for (record, ending) in zip(records, endings) {
          let found = try await reopened.load(record.id)
          switch ending {
          case .answered: trial.expect(found, equals: record, "what was acknowledged is there")
          case .threw(let error) where error.effect == .none:
            trial.expect(found, equals: nil, "what was refused without effect is not there")
          case .threw: trial.expect(found == nil || found == record, "what is in doubt is there whole or not at all")
          case nil: break
          }
        }
        try await reopened.close()
      }
    },
    Requirement(
      "backend.close.leavesOtherHandles", .shutdown, "Closing one handle leaves another on the same store at work.",
      consequence: "Tearing down one component closes the sessions of another.",
      likelyCause: "Handles share a connection or a flag.", needs: [.shared]
    ) { trial in
      let (first, second) = (try await trial.open(), try await trial.open())
      let record = trial.session()
      try await first.store(record)
      try await first.close()
      trial.expect(try await second.load(record.id), equals: record, "the other handle finds the record")
      let next = trial.record()
      try await second.store(next)
      trial.expect(try await second.consume(next.id), equals: next, "the other handle writes")
    },
    Requirement(
      "backend.close.leavesNoDescriptor", .shutdown, "After close no file of the store is open.",
      consequence: "Every reopening leaks a file until the process can open no more, and the files can't be replaced.",
      likelyCause: "A second connection, a log or a lock is opened and forgotten."
    ) { trial in
      let handles = [try await trial.open(), try await trial.open()]
      for handle in handles {
        let record = trial.record()
        try await handle.store(record)
        _ = try await trial.concurrently(8) { _ in try await handle.load(record.id) }
      }
      for handle in handles { try await handle.close() }
      let open = OpenFiles.names(under: trial.environment.directory)
      trial.expect(
        open.isEmpty, "no file in the store's folder is open", expected: "none", found: open.joined(separator: ", "))
    },
  ]
}
