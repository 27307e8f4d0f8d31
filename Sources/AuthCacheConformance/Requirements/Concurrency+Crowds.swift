internal import AuthCache
internal import Synchronization

extension Requirement {
  /// Operations on many records, beside operations on one.
  static let crowds: [Requirement] = [
    Requirement(
      "expiry.sweep.besideWriters", .concurrency,
      "A sweep never removes a record that was stored anew under the id of an expired one.",
      consequence: "A login that reuses an id, such as a client or a device, is lost right after it succeeded.",
      likelyCause: "Expired ids are selected in one call and deleted in another, without the expiry test.",
      references: ["do-indeksa#347", "mxcp#110"]
    ) { trial in
      let backend = try await trial.open()
      for _ in 0..<6 {
        let expired = (0..<24).map { _ in trial.record(.client, life: .seconds(-5)) }
        for record in expired { try await backend.store(record) }
        let anew = expired.map { trial.record(.client, digest: $0.digest) }
        _ = try await trial.concurrently(4) { task in
          if task < 2 {
            for _ in 0..<4 { _ = try await backend.removeExpired(through: trial.now, limit: 8) }
          } else {
            for record in anew[(task == 2 ? 0 : 12)..<(task == 2 ? 12 : 24)] { try await backend.store(record) }
          }
        }
        for record in anew {
          trial.expect(try await backend.load(record.id), equals: record, "what was stored anew is there")
        }
      }
    },
    Requirement(
      "expiry.sweep.onceAcrossHandles", .concurrency,
      "Sweepers that run at once on several handles all succeed, and together count every expired record once.",
      consequence: "Clean-up jobs of several instances block one another, or report more than there was.",
      likelyCause: "The sweepers lock rows in different orders, or count what they found and not what they removed.",
      references: ["spring-session#838"], needs: [.sweptExpiry, .shared]
    ) { trial in
      let handles = [try await trial.open(), try await trial.open(), try await trial.open()]
      for _ in 0..<4 {
        for _ in 0..<40 { try await handles[0].store(trial.record(.state, life: .seconds(-5))) }
        let counts = try await trial.concurrently(6) { task in
          let sweeper = handles[task % handles.count]
          var count = 0
          while case let removed = try await sweeper.removeExpired(through: trial.now, limit: 7).total, removed > 0 {
            count += removed
          }
          return count
        }
        trial.expect(counts.reduce(0, +), equals: 40, "six sweepers together remove forty records")
      }
    },
    Requirement(
      "record.insert.amongOthers", .concurrency,
      "Of many records that are inserted at once each whose id is taken is refused, and every other one is stored.",
      consequence: "A login under a state that is in use is told that it began, and ends with somebody else's data.",
      likelyCause: "Inserts are merged into one statement, and all are answered as if each had written its row."
    ) { trial in
      let backend = try await trial.open()
      for _ in 0..<4 {
        let taken = (0..<12).map { _ in trial.record(.state) }
        try await backend.storeEach(taken)
        let inserted = (0..<24).map { number in
          number.isMultiple(of: 2) ? trial.record(.state, digest: taken[number / 2].digest) : trial.record(.state)
        }
        let answers = try await trial.concurrently(inserted.count) { try await backend.insert(inserted[$0]) }
        for (number, (record, isInserted)) in zip(inserted, answers).enumerated() {
          let isTaken = number.isMultiple(of: 2)
          trial.expect(isInserted, equals: !isTaken, "an insert under an id that is \(isTaken ? "taken" : "free")")
          let there = isTaken ? taken[number / 2] : record
          trial.expect(try await backend.load(record.id), equals: there, "what is there afterwards")
        }
      }
    },
    Requirement(
      "group.removeAll.oneUnit", .concurrency,
      "Whoever finds one record of a group gone after its removal began finds the others gone too.",
      consequence: "While a user is logged out everywhere, a session that should be gone still renews itself.",
      likelyCause: "The members are removed one by one.", needs: [.group, .linearizable]
    ) { trial in
      let backend = try await trial.open()
      let groups = try trial.group(backend)
      for _ in 0..<10 {
        let subject = trial.digest()
        let members = (0..<10).map { _ in trial.record(.session, groups: Groups(subject: subject)) }
        for record in members { try await backend.store(record) }
        let orders = (0..<4).map { _ in
          members.map { (trial.entropy.next(), $0) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
        let late = try await trial.concurrently(5) { task -> Int in
          if task == 4 { return try await groups.removeAll(in: .subject(subject)) == members.count ? 0 : -1 }
          var (seenGone, late) = (false, 0)
          for _ in 0..<8 {
            for record in orders[task] {
              let isThere = try await backend.load(record.id) != nil
              if isThere && seenGone { late += 1 }
              if !isThere { seenGone = true }
              await Task.yield()
            }
          }
          return late
        }
        trial.expect(late[4] == 0, "the removal counts all ten members")
        let found = late[..<4].reduce(0, +)
        guard
          trial.expect(
            found == 0, "after one member was found gone none is found", expected: "0", found: "\(found) found later")
        else { return }
      }
    },
    Requirement(
      "bulk.store.besideBulk", .concurrency,
      "Two bulk stores of the same records, in whatever order, both succeed, and one of them wins whole.",
      consequence: "Two instances that flush the same sessions lock each other out, or leave a mixture.",
      likelyCause: "Rows are locked in the caller's order, or written in more than one transaction.",
      needs: [.bulk]
    ) { trial in
      let backend = try await trial.open()
      let bulk = try trial.bulk(backend)
      for _ in 0..<10 {
        let digests = (0..<12).map { _ in trial.digest() }
        let batches = (0..<4).map { task in
          let ordered = task.isMultiple(of: 2) ? digests : digests.reversed()
          return ordered.map { trial.record(.session, digest: $0, life: .seconds(600 + task)) }
        }
        _ = try await trial.concurrently(batches.count) { try await bulk.store(contentsOf: batches[$0]) }
        let found = try await bulk.load(contentsOf: digests.map { .id(.session, $0) })
        let revisions = Set(found.map { $0?.revision })
        trial.expect(
          batches.contains { Set($0.map(\.revision)) == revisions }, "what is there is one of the batches, whole")
      }
    },
  ]
}
