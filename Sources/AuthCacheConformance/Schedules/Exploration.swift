public import AuthCache
internal import Foundation

/// Runs a scenario in thousands of interleavings and finds one in which it goes wrong.
///
/// Half of the schedules are tried systematically, those with the fewest switches between tasks first; the rest are
/// drawn at random from the seed. A failing one is shrunk to the fewest switches and replays exactly.
///
/// ```swift
/// let result = await Exploration(seed: 42, floor: 20).run { schedule in
///   let backend = MemoryBackend(clock: schedule.clock).interleaved()
///   try await backend.store(code)
///   let found = try await schedule.clients(["A", "B"]) { _ in try await backend.consume(code.id) }
///   schedule.expect(found.compactMap { $0 }.count == 1, "two clients redeemed one code")
/// }
/// try result.check()
/// ```
///
/// The scenario must be a function of the schedule alone: time from ``Schedule/clock``, random bits from
/// ``Schedule/entropy``, no order taken from a set or dictionary, and no thread may block.
public struct Exploration: Sendable {
  /// What the choice of the schedules follows from.
  public var seed: UInt64
  /// How many schedules to run at most; fewer if there are no more.
  public var schedules: Int
  /// How many distinct schedules there must be for the exploration to have shown anything.
  public var floor: Int
  /// A schedule that takes more steps is endless.
  public var maxSteps: Int
  /// What the clock of every schedule starts at.
  public var start: Timestamp

  /// Everything but the seed has a default; see the properties.
  public init(
    seed: UInt64, schedules: Int = 10_000, floor: Int = 2, maxSteps: Int = 20_000,
    startingAt start: Timestamp = SystemClock().now
  ) {
    self.seed = seed
    self.schedules = schedules
    self.floor = floor
    self.maxSteps = maxSteps
    self.start = start
  }

  // One for each processor: each has a thread that never waits, beside those of the concurrency pool.
  private static let turns = Gate(width: ProcessInfo.processInfo.activeProcessorCount)

  /// Runs the schedules, up to the first failing one. So many explorations as there are processors run at a time.
  public func run(_ scenario: @escaping @Sendable (Schedule) async throws -> Void) async -> ExplorationResult {
    await Self.turns.admit { await runAtOnce(scenario) }
  }

  /// The same for a short one, which does not wait until thousands of schedules of others have run.
  func runAtOnce(_ scenario: @escaping @Sendable (Schedule) async throws -> Void) async -> ExplorationResult {
    let driver = ScheduleDriver(seed: seed, start: start, maxSteps: maxSteps, scenario: scenario)
    return await DriverThread.run { explore(driver) }
  }

  /// Runs the one schedule that `trace` names, with the floor left aside.
  public func replay(
    _ trace: ScheduleTrace, _ scenario: @escaping @Sendable (Schedule) async throws -> Void
  ) async -> ExplorationResult {
    let driver = ScheduleDriver(seed: seed, start: start, maxSteps: maxSteps, scenario: scenario)
    return await DriverThread.run {
      let run = driver.run(ScheduleChooser(following: trace), isRecording: true)
      var result = ExplorationResult(seed: seed, floor: 1)
      result.run = 1
      result.distinct = 1
      result.steps = run.steps
      if let flaw = run.flaw {
        result.failing = FailingSchedule(flaw: flaw, trace: trace, steps: run.steps, number: 1, shrinkingRuns: 0)
      }
      return result
    }
  }

  private func explore(_ driver: ScheduleDriver) -> ExplorationResult {
    var result = ExplorationResult(seed: seed, floor: floor)
    var seen: Set<UInt64> = []
    func failing(_ run: ScheduleRun) -> ExplorationResult? {
      result.run += 1
      seen.insert(run.identity)
      result.distinct = seen.count
      guard let flaw = run.flaw else { return nil }
      var shrinking = ScheduleShrinking(driver: driver, flaw: flaw)
      result.failing = shrinking.shrink(run, number: result.run)
      return result
    }

    var systematic = FewestSwitchesFirst(limit: max(1, schedules / 2))
    while let trace = systematic.next() {
      let run = driver.run(ScheduleChooser(following: trace))
      if let failed = failing(run) { return failed }
      systematic.extend(trace, by: run.choices)
    }
    result.isExhaustive = systematic.isExhaustive
    if result.isExhaustive { return result }

    var generator = SeededGenerator(seed: seed)
    // From any task at every point down to long runs with few switches: some flaws need many, some few.
    let departures = [1, 0.5, 0.25, 0.125]
    while result.run < schedules {
      let chooser = ScheduleChooser(seed: generator.next(), departures: departures[result.run % departures.count])
      if let failed = failing(driver.run(chooser)) { return failed }
    }
    return result
  }
}

/// Names every schedule once, in order of the number of switches (Musuvathi, Qadeer: Iterative Context Bounding for
/// Systematic Testing of Multithreaded Programs, PLDI 2007).
struct FewestSwitchesFirst {
  private var queue: [ScheduleTrace] = [.straight]
  private var taken = 0
  private let limit: Int
  private var isTruncated = false

  init(limit: Int) { self.limit = limit }

  /// Whether every schedule was named.
  var isExhaustive: Bool { !isTruncated && taken == queue.count }

  mutating func next() -> ScheduleTrace? {
    guard taken < queue.count else { return nil }
    defer { taken += 1 }
    return queue[taken]
  }

  /// Adds the schedules that differ from `trace`, which went by `choices`, in one more and later switch.
  mutating func extend(_ trace: ScheduleTrace, by choices: [ScheduleChoice]) {
    let first = trace.switches.last.map { $0.point + 1 } ?? 0
    guard first < choices.count else { return }
    for point in first..<choices.count {
      for choice in 1..<choices[point].ready {
        guard queue.count < limit else {
          isTruncated = true
          return
        }
        queue.append(ScheduleTrace(trace.switches + [ScheduleTrace.Switch(point: point, choice: choice)]))
      }
    }
  }
}
