internal import AuthCache

extension Requirement {
  private static let cause = "An operation reads and writes in two steps, and another comes in between."

  /// Random operations on a few records, recorded, and judged by looking for an order that explains every answer.
  static let histories: [Requirement] = [
    Requirement(
      "record.history.linearizable", .concurrency,
      "Whatever many tasks do at once with a few records, some order of their operations explains every answer.",
      consequence: "A store that was acknowledged vanishes, or an answer is given that was never true.",
      likelyCause: cause, references: ["Herlihy and Wing: Linearizability, 1990"], needs: [.linearizable]
    ) { trial in
      let backend = try await trial.open()
      for _ in 0..<16 {
        let recorder = HistoryRecorder(clock: trial.environment.clock)
        try await trial.work(RecordSeries(trial), on: [backend], recordedBy: recorder)
        guard trial.expectLinearizable(recorder.history) else { return }
      }
    },
    Requirement(
      "record.history.linearizableAcrossHandles", .concurrency,
      "Whatever many tasks do at once through several handles, some order of their operations explains every answer.",
      consequence: "A store that one instance acknowledged is undone by another that knew nothing of it.",
      likelyCause: cause, references: ["Herlihy and Wing: Linearizability, 1990"], needs: [.linearizable, .shared]
    ) { trial in
      let handles = [try await trial.open(), try await trial.open(), try await trial.open()]
      for _ in 0..<16 {
        let recorder = HistoryRecorder(clock: trial.environment.clock)
        try await trial.work(RecordSeries(trial), on: handles, recordedBy: recorder)
        guard trial.expectLinearizable(recorder.history) else { return }
      }
    },
    Requirement(
      "record.history.linearizableAcrossProcesses", .concurrency,
      "Whatever the tasks of several processes do at once, some order of their operations explains every answer.",
      consequence: "A store that one server acknowledged is undone by another that knew nothing of it.",
      likelyCause: cause, references: ["Herlihy and Wing: Linearizability, 1990"],
      needs: [.linearizable, .shared, .child]
    ) { trial in
      // The store is there before anybody works with it.
      let backend = try await trial.open()
      let series = (0..<24).map { _ in RecordSeries(trial) }
      let children = try await trial.spawnTogether(3, .recordHistory) { number in
        series[0].arguments([
          "process": "\(number + 1)", "rounds": series.map { "\($0.seed)" }.joined(separator: ","),
          "groups": "\(trial.capabilities.contains(.group))",
        ])
      }
      var events: [HistoryEvent] = []
      for child in children {
        for await line in child.lines { events.append(try HistoryEvent(line: line)) }
        try await trial.finish(child)
      }
      trial.expectLinearizable(History(events: events))
      try await backend.close()
    },
  ]
}

extension Trial {
  /// Lets four tasks work on the handles at once.
  fileprivate func work(
    _ series: RecordSeries, on handles: [any AuthCacheBackend], recordedBy recorder: HistoryRecorder
  ) async throws {
    let withGroups = capabilities.contains(.group)
    let seeds = (0..<4).map { _ in entropy.next() }
    _ = try await concurrently(seeds.count) { task in
      let backend = handles[task % handles.count].intercepted(by: recorder.interceptor(for: "task \(task + 1)"))
      var work = HistoryWork(series, seed: seeds[task], withGroups: withGroups)
      try await work.run(8, on: backend)
    }
  }

  /// Records a breach with a few operations that no order explains.
  @discardableResult
  fileprivate func expectLinearizable(
    _ history: History, file: StaticString = #fileID, line: UInt = #line
  ) -> Bool {
    let verdict = history.check(budget: 20_000)
    guard let witness = verdict.witnesses.first else { return true }
    fail(
      "the answers can be explained", expected: "an order of \(history.operations.count) operations that explains them",
      found: "\(witness)", file: file, line: line)
    return false
  }
}
