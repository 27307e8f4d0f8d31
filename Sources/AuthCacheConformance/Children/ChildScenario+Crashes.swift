internal import AuthCache

extension ChildScenario {
  /// Stores sessions from several tasks until it is killed, and names each whose store was acknowledged.
  static let storeUntilKilled = ChildScenario("sessions.store") { context in
    let backend = try await context.open()
    let series = try RecordSeries(context)
    let tasks = try context.number("tasks")
    try await forever(tasks) { task, round in
      let number = task + round * tasks
      try await backend.store(series.session(number))
      context.emit("\(number)")
      return true
    }
  }

  /// Takes sessions through their course from several tasks until it is killed, and names each step that was
  /// acknowledged.
  static let changeUntilKilled = ChildScenario("sessions.change") { context in
    let backend = try await context.open()
    let series = try RecordSeries(context)
    let tasks = try context.number("tasks")
    try await forever(tasks) { task, round in
      let number = task + round * tasks
      let (session, successor) = (series.session(number), series.successor(number))
      for step in series.course(number).indices {
        let isDone =
          switch step {
          case 0: try await backend.insert(session)
          case 1: try await backend.replace(session, with: successor)
          case 2: try await backend.extend(session.id, to: series.laterEnd)
          default: try await backend.remove(session.id)
          }
        guard isDone else { throw Blocked("step \(step) of session \(number) is refused") }
        context.emit("\(number * RecordSeries.steps + step)")
      }
      return true
    }
  }

  /// Consumes the codes that the arguments describe until it is killed, and names each that it got.
  static let consumeUntilKilled = ChildScenario("codes.consumeUntilKilled") { context in
    let backend = try await context.open()
    let series = try RecordSeries(context)
    let (count, tasks) = (try context.number("count"), try context.number("tasks"))
    try await forever(tasks) { task, round in
      let number = task + round * tasks
      guard number < count else { return false }
      if try await backend.consume(series.code(number).id) != nil { context.emit("\(number)") }
      return true
    }
  }

  /// Stores batches of sessions until it is killed, and names each batch that was acknowledged.
  static let storeBatchesUntilKilled = ChildScenario("sessions.storeBatches") { context in
    let backend = try await context.open()
    let series = try RecordSeries(context)
    let (tasks, size) = (try context.number("tasks"), try context.number("size"))
    guard let bulk = backend as? any BulkBackend else { throw Blocked("the backend has no bulk operations") }
    try await forever(tasks) { task, round in
      let batch = task + round * tasks
      try await bulk.store(contentsOf: series.batch(batch, size: size))
      context.emit("\(batch)")
      return true
    }
  }

  /// Stores sessions through a write buffer until it is killed, and names each whose store was acknowledged, with the
  /// milliseconds that this process had been at it by then.
  static let storeBufferedUntilKilled = ChildScenario("buffer.storeUntilKilled") { context in
    let isQueued = try context.argument("queued") == "true"
    let buffer = try await context.openBuffered(
      BufferConfiguration(
        maxDelay: .milliseconds(try context.number("maxDelay")), queued: isQueued ? [.session] : []))
    let series = try RecordSeries(context)
    let tasks = try context.number("tasks")
    let (clock, begin) = (ContinuousClock(), ContinuousClock.now)
    try await forever(tasks) { task, round in
      let number = task + round * tasks
      try await buffer.store(series.session(number))
      context.emit("\(number) \((clock.now - begin).wholeMilliseconds)")
      // What is acknowledged at once would otherwise outrun every store.
      if isQueued { try await Task.sleep(for: .milliseconds(1)) }
      return true
    }
  }

  /// Repeats `body` in several tasks until it answers false.
  private static func forever(
    _ tasks: Int, _ body: @escaping @Sendable (_ task: Int, _ round: Int) async throws -> Bool
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<tasks {
        group.addTask {
          // Bounded, because a parent that forgets its child must not fill a disk.
          for round in 0..<1_000_000 where try await !body(task, round) { return }
        }
      }
      try await group.waitForAll()
    }
  }
}
