internal import AuthCache

extension Requirement {
  private static let crashing: [Need] = [.durability(.process), .reopen, .child]

  /// What is there after `kill -9` of the process that wrote it, at a random point.
  static let crashes: [Requirement] = [
    Requirement(
      "durability.crash.acknowledgedSurvives", .durability,
      "Whatever was acknowledged to a process before it was killed is there.",
      consequence: "Users whose login has just succeeded are logged out when a server crashes.",
      likelyCause: "A write is acknowledged before it has left the process.", needs: crashing
    ) { trial in
      for _ in 0..<3 {
        let series = RecordSeries(trial)
        let acknowledged = try await trial.killed(.storeUntilKilled, series.arguments(["tasks": "2"]))
        let reopened = try await trial.reopen()
        for number in acknowledged {
          let record = series.session(number)
          trial.expect(try await reopened.load(record.id), equals: record, "an acknowledged session is there")
        }
        try await reopened.close()
      }
    },
    Requirement(
      "durability.crash.noHalfRecord", .durability,
      "What was being stored when its process was killed is there whole, with its aliases, or not at all.",
      consequence: "After a crash a token finds a session without its data, or a session can't be found by its token.",
      likelyCause: "One record is written by several statements without a transaction.", needs: crashing
    ) { trial in
      for _ in 0..<3 {
        let (series, tasks) = (RecordSeries(trial), 2)
        let acknowledged = try await trial.killed(.storeUntilKilled, series.arguments(["tasks": "\(tasks)"]))
        let reopened = try await trial.reopen()
        for number in 0...((acknowledged.max() ?? 0) + 2 * tasks) {
          let record = series.session(number)
          let found = try await reopened.load(record.id)
          trial.expect(found == nil || found == record, "a session is there whole or not at all")
          for lookup in record.lookups.dropFirst() {
            trial.expect(try await reopened.load(lookup), equals: found, "its \(lookup.field.rawValue) says the same")
          }
        }
        try await reopened.close()
      }
    },
    Requirement(
      "durability.crash.consumedStaysConsumed", .durability,
      "Whatever a process had received by a consume before it was killed stays consumed, and nothing else is lost.",
      consequence: "Whoever crashes a server can redeem a code a second time.",
      likelyCause: "The deletion is acknowledged before it has left the process.", references: ["RFC 6749 §4.1.2"],
      needs: crashing
    ) { trial in
      for _ in 0..<3 {
        let (series, count, tasks) = (RecordSeries(trial), 300, 2)
        let backend = try await trial.open()
        try await backend.storeEach((0..<count).map(series.code))
        try await backend.close()
        let consumed = Set(
          try await trial.killed(.consumeUntilKilled, series.arguments(["count": "\(count)", "tasks": "\(tasks)"])))
        let reopened = try await trial.reopen()
        var doubtful = 0
        for number in 0..<count {
          let found = try await reopened.load(series.code(number).id)
          if consumed.contains(number) {
            trial.expect(found, equals: nil, "a code that was handed out is gone")
          } else if found == nil {
            doubtful += 1
          } else {
            trial.expect(found, equals: series.code(number), "a code that was not consumed is there")
          }
        }
        trial.expect(
          doubtful <= tasks, "only what was being consumed may be gone without an answer",
          expected: "at most \(tasks)", found: "\(doubtful)")
        try await reopened.close()
      }
    },
    Requirement(
      "durability.crash.changesSurvive", .durability,
      "Whatever was inserted, replaced, extended or removed for a process before it was killed stays so.",
      consequence: "After a crash an old refresh token is good again, and a session that was ended is not.",
      likelyCause: "Only stores wait until they have left the process.", needs: crashing
    ) { trial in
      for _ in 0..<2 {
        let series = RecordSeries(trial)
        let acknowledged = try await trial.killed(.changeUntilKilled, series.arguments(["tasks": "2"]))
        let reopened = try await trial.reopen()
        for (number, steps) in Dictionary(grouping: acknowledged, by: { $0 / RecordSeries.steps }) {
          let course = series.course(number)
          let last = steps.map { $0 % RecordSeries.steps }.max() ?? 0
          let found = try await reopened.load(series.session(number).id)
          // The next step may have been under way.
          trial.expect(
            course[last...].prefix(2).contains(found), "the session is as it was acknowledged after step \(last)",
            expected: Trial.text(course[last]), found: Trial.text(found))
        }
        try await reopened.close()
      }
    },
    Requirement(
      "durability.crash.batchIsWhole", .durability,
      "A batch that was being stored when its process was killed is there whole or not at all.",
      consequence: "After a crash half of a batch is there, and nobody knows which half.",
      likelyCause: "A batch is written in more than one transaction.", needs: crashing + [.bulk]
    ) { trial in
      for _ in 0..<3 {
        let (series, tasks, size) = (RecordSeries(trial), 2, 12)
        let acknowledged = Set(
          try await trial.killed(
            .storeBatchesUntilKilled, series.arguments(["tasks": "\(tasks)", "size": "\(size)"])))
        let reopened = try await trial.reopen()
        let bulk = try trial.bulk(reopened)
        for number in 0...((acknowledged.max() ?? 0) + 2 * tasks) {
          let batch = series.batch(number, size: size)
          let found = try await bulk.load(contentsOf: batch.map(\.id)).compactMap { $0 }
          trial.expect(
            found == batch || (found.isEmpty && !acknowledged.contains(number)),
            acknowledged.contains(number) ? "an acknowledged batch is there" : "a batch is there whole or not at all",
            expected: "\(size) records", found: "\(found.count) records")
        }
        try await reopened.close()
      }
    },
  ]
}

extension Trial {
  /// Starts a child, kills it at a random point of its work, and returns the numbers that it had been acknowledged.
  func killed(_ scenario: ChildScenario, _ arguments: [String: String]) async throws -> [Int] {
    let child = try spawn(scenario, arguments)
    let point = 3 + Int(entropy.next() % 40)
    var acknowledged: [Int] = []
    for await line in child.lines {
      acknowledged += [Int(line)].compactMap { $0 }
      // What it had written before it died is read to its end.
      if acknowledged.count == point { child.kill() }
    }
    let exit = await child.wait()
    try require(
      acknowledged.count >= point, "the child works until it is killed", expected: "\(point) operations",
      found: "\(acknowledged.count); it \(exit)" + (child.diagnostics.isEmpty ? "" : ", saying: \(child.diagnostics)"))
    trace.note("the child is killed after \(acknowledged.count) operations")
    return acknowledged
  }
}
