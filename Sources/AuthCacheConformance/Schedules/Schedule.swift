public import AuthCache
internal import Synchronization

/// One interleaving of concurrent tasks while it runs: what a scenario starts its clients in and reports to.
///
/// Start the clients as child tasks (``clients(_:_:)``, a task group, `async let`) or through ``spawner``: those stay on
/// the schedule's executor, where one runs at a time and only changes at a suspension. A backend that never suspends
/// gives no choice; wrap it by `interleaved()` or call ``point()``.
public final class Schedule: Sendable {
  /// The schedule that the calling task belongs to, nil outside an exploration.
  @TaskLocal public static var current: Schedule?
  @TaskLocal static var client: String?

  /// Stands still, and moves to the next sleeper's deadline when nothing else can go on.
  public let clock: VirtualClock
  /// The same bits in every schedule of one exploration.
  public let entropy: SeededEntropy

  let executor: ScheduleExecutor
  private let log: Mutex<Log>
  private let isRecording: Bool

  private struct Log {
    var steps: [ScheduleStep] = []
    var findings: [String] = []
    var spawned = 0
    var cancellations: [Int: @Sendable () -> Void] = [:]
  }

  init(executor: ScheduleExecutor, seed: UInt64, start: Timestamp, isRecording: Bool) {
    self.executor = executor
    clock = VirtualClock(startingAt: start)
    entropy = SeededEntropy(seed: seed)
    log = Mutex(Log())
    self.isRecording = isRecording
  }

  /// A place where another task may go on first.
  public func point() async {
    guard executor.isCurrent else { return executor.noteEscape() }
    await executor.park()
  }

  /// Says what the calling client did. Costs nothing until a failing schedule is printed.
  public func step(_ text: @autoclosure () -> String) {
    if !executor.isCurrent { executor.noteEscape() }
    guard isRecording else { return }
    let step = ScheduleStep(client: Schedule.client, text: text())
    log.withLock { $0.steps.append(step) }
  }

  /// Notes what is wrong with this schedule and lets it go on.
  public func fail(_ finding: @autoclosure () -> String) {
    let finding = finding()
    step("✗ \(finding)")
    log.withLock { $0.findings.append(finding) }
  }

  /// Notes `finding` unless `condition` holds.
  public func expect(_ condition: Bool, _ finding: @autoclosure () -> String) {
    if !condition { fail(finding()) }
  }

  /// Runs `body` in the calling task under a name that its steps are printed with.
  public func named<Result>(_ name: String, _ body: () async throws -> Result) async rethrows -> Result {
    try await Schedule.$client.withValue(name) { try await body() }
  }

  /// Runs `body` for each name in a child task of its own, all at once.
  ///
  /// - Returns: the results in the order of `names`.
  /// - Throws: the first error; the others are cancelled then.
  public func clients<Result: Sendable>(
    _ names: [String], _ body: @escaping @Sendable (String) async throws -> Result
  ) async throws -> [Result] {
    try await withThrowingTaskGroup(of: (Int, Result).self) { group in
      for (index, name) in names.enumerated() {
        group.addTask { try await (index, self.named(name) { try await body(name) }) }
      }
      var results: [Int: Result] = [:]
      for try await (index, result) in group { results[index] = result }
      return names.indices.compactMap { results[$0] }
    }
  }

  /// Runs differently acting clients, each in a child task of its own, all at once.
  ///
  /// ```swift
  /// try await schedule.together([
  ///   "logout": { try await store.remove(session) },
  ///   "save": { try await store.replace(session, with: next) },
  /// ])
  /// ```
  /// - Throws: the first error; the others are cancelled then.
  public func together(_ clients: KeyValuePairs<String, @Sendable () async throws -> Void>) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (name, body) in clients {
        group.addTask { try await self.named(name) { try await body() } }
      }
      try await group.waitForAll()
    }
  }

  /// Starts tasks that stay on the schedule, which `Task {}` would not.
  public var spawner: any TaskSpawner { ScheduleSpawner(schedule: self) }

  /// Fails the exploration: some of the work is done where no schedule holds.
  func noteEscape() { executor.noteEscape() }

  var findings: [String] { log.withLock { $0.findings } }
  var steps: [ScheduleStep] { log.withLock { $0.steps } }

  func register(_ cancellation: @escaping @Sendable () -> Void, as number: Int) {
    log.withLock { $0.cancellations[number] = cancellation }
  }

  func nextSpawn() -> Int {
    log.withLock { log in
      log.spawned += 1
      return log.spawned
    }
  }

  func cancelSpawned() {
    let cancellations = log.withLock { log in
      defer { log.cancellations = [:] }
      return log.cancellations.values
    }
    for cancel in cancellations { cancel() }
  }
}

/// One line of a printed schedule.
public struct ScheduleStep: Hashable, Sendable, CustomStringConvertible {
  /// Who did it; nil for the scenario itself.
  public let client: String?
  /// What was done.
  public let text: String

  public var description: String { client.map { "\($0): \(text)" } ?? text }
}

private struct ScheduleSpawner: TaskSpawner {
  let schedule: Schedule

  func spawn<Success: Sendable>(_ work: @escaping @Sendable () async -> Success) -> Task<Success, Never> {
    let number = schedule.nextSpawn()
    let name = "\(Schedule.client ?? "scenario") › task \(number)"
    let schedule = schedule
    let task = Task(executorPreference: schedule.executor) {
      await Schedule.$client.withValue(name) { await work() }
    }
    schedule.register({ task.cancel() }, as: number)
    return task
  }
}
