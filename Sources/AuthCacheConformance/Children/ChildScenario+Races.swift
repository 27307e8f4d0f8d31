internal import AuthCache

extension ChildScenario {
  /// Consumes the codes that the arguments describe, from several tasks, and names each that was won.
  static let consumeCodes = ChildScenario("codes.consume") { context in
    let backend = try await context.open()
    let (count, tasks) = (try context.number("count"), try context.number("tasks"))
    let series = try RecordSeries(context)
    await context.awaitStart()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<tasks {
        group.addTask {
          for number in 0..<count {
            guard let won = try await backend.consume(series.code(number).id) else { continue }
            context.emit(won == series.code(number) ? "won \(number)" : "torn \(number)")
          }
        }
      }
      try await group.waitForAll()
    }
    try await backend.close()
  }

  /// Opens the store at the same moment as its siblings, which may mean creating it, and stores one record.
  static let openAndStore = ChildScenario("store.open") { context in
    let number = try context.number("number")
    let series = try RecordSeries(context)
    await context.awaitStart()
    let backend = try await context.open()
    try await backend.store(series.code(number))
    context.emit("stored \(number)")
    try await backend.close()
  }
}
