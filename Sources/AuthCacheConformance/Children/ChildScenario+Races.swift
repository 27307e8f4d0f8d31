internal import AuthCache

extension ChildScenario {
  /// Consumes the codes that the arguments describe, each at the same instant as its siblings and by several tasks at
  /// once, on one handle or on as many as it is told, and names each that was won. Of those behind the first `alone`,
  /// several are asked for at once.
  static let consumeCodes = ChildScenario("codes.consume") { context in
    var backends = [try await context.open()]
    let handles = context.task.arguments["handles"].flatMap { Int($0) } ?? 1
    while backends.count < handles { backends.append(try await context.open()) }
    let (count, tasks) = (try context.number("count"), try context.number("tasks"))
    let alone = context.task.arguments["alone"].flatMap { Int($0) } ?? count
    let series = try RecordSeries(context)
    let start = await context.awaitStart()
    var next = 0
    while next < count {
      let numbers = next..<(next < alone ? next + 1 : min(count, next + 16))
      start.advanced(by: next * 150).await()
      try await withThrowingTaskGroup(of: (Int, Record?).self) { group in
        for number in numbers {
          let code = series.code(number)
          for task in 0..<tasks {
            let backend = backends[task % backends.count]
            group.addTask { (number, try await backend.consume(code.id)) }
          }
        }
        for try await (number, won) in group {
          if let won { context.emit(won == series.code(number) ? "won \(number)" : "torn \(number)") }
        }
      }
      next = numbers.upperBound
    }
    for backend in backends { try await backend.close() }
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

extension ChildScenario {
  /// Changes the sessions that the arguments describe, each in another way.
  static let changeRecords = ChildScenario("records.change") { context in
    let backend = try await context.open()
    let series = try RecordSeries(context)
    for number in 0..<(try context.number("count")) {
      let session = series.session(number)
      switch number % 4 {
      case 0: _ = try await backend.remove(session.id)
      case 1:
        _ = try await backend.replace(session, with: session.replacing(revision: context.entropy.next()))
      case 2: _ = try await backend.extend(session.id, to: context.environment.clock.now + .seconds(172_800))
      default: _ = try await backend.consume(session.id)
      }
    }
    try await backend.close()
  }
}
