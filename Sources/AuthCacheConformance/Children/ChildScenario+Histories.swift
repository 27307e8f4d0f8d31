internal import AuthCache
internal import Foundation

extension ChildScenario {
  /// Works on a few records together with its siblings, round by round, and tells of every operation.
  static let recordHistory = ChildScenario("records.history") { context in
    let backend = try await context.open()
    let series = try RecordSeries(context)
    let rounds = try context.argument("rounds").split(separator: ",").compactMap { UInt64($0) }
    let (process, withGroups) = (try context.number("process"), try context.argument("groups") == "true")
    let recorder = HistoryRecorder(process: process, clock: context.environment.clock, salt: series.seed) { event in
      context.emit(event.line)
    }
    let start = await context.awaitStart()
    for (round, seed) in rounds.enumerated() {
      start.advanced(by: round * 4_000).await()
      let records = RecordSeries(seed: seed, start: series.start, aliases: series.aliases)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for task in 1...2 {
          let recorded = backend.intercepted(by: recorder.interceptor(for: "process \(process) task \(task)"))
          let seed = context.entropy.next()
          group.addTask {
            var work = HistoryWork(records, seed: seed, withGroups: withGroups)
            try await work.run(8, on: recorded)
          }
        }
        try await group.waitForAll()
      }
    }
    try await backend.close()
  }
}

extension HistoryEvent {
  /// The event on one line.
  var line: String { (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "" }

  init(line: String) throws { self = try JSONDecoder().decode(HistoryEvent.self, from: Data(line.utf8)) }
}
