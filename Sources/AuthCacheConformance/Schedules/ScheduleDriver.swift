internal import AuthCache
internal import Synchronization

/// How one schedule went.
struct ScheduleRun: Sendable {
  var flaw: ScheduleFlaw?
  var choices: [ScheduleChoice]
  var steps: [ScheduleStep]

  var trace: ScheduleTrace { ScheduleTrace(choices: choices) }

  /// Tells schedules apart: the decisions, and nothing that was computed. FNV-1a over words.
  var identity: UInt64 {
    var identity: UInt64 = 0xCBF2_9CE4_8422_2325
    for choice in choices {
      identity = (identity ^ UInt64(truncatingIfNeeded: choice.chosen)) &* 0x0000_0100_0000_01B3
      identity = (identity ^ UInt64(truncatingIfNeeded: choice.ready)) &* 0x0000_0100_0000_01B3
    }
    return identity
  }
}

/// Runs schedules to their end, one after the other, on the calling thread.
struct ScheduleDriver: Sendable {
  let seed: UInt64
  let start: Timestamp
  let maxSteps: Int
  let scenario: @Sendable (Schedule) async throws -> Void
  private let escapes = EscapeFlag()

  init(seed: UInt64, start: Timestamp, maxSteps: Int, scenario: @escaping @Sendable (Schedule) async throws -> Void) {
    (self.seed, self.start, self.maxSteps) = (seed, start, maxSteps)
    self.scenario = scenario
  }

  /// How long a stuck schedule waits for somebody outside to wake it, in milliseconds of real time.
  private static let grace = 2_000

  func run(_ chooser: ScheduleChooser, isRecording: Bool = false) -> ScheduleRun {
    let executor = ScheduleExecutor(escapes: escapes)
    let schedule = Schedule(executor: executor, seed: seed, start: start, isRecording: isRecording)
    let ending = Ending()
    let scenario = scenario
    let root = Task(executorPreference: executor) {
      do {
        try await Schedule.$current.withValue(schedule) { try await scenario(schedule) }
        ending.set(.returned)
      } catch {
        ending.set(.threw(String(describing: error)))
      }
    }
    var chooser = chooser
    let stuck = drive(executor, schedule, &chooser, until: ending)
    if stuck != nil { root.cancel() }
    schedule.cancelSpawned()
    finish(executor)
    return ScheduleRun(
      flaw: flaw(executor, schedule, ending, stuck), choices: chooser.made, steps: schedule.steps)
  }

  private func drive(
    _ executor: ScheduleExecutor, _ schedule: Schedule, _ chooser: inout ScheduleChooser, until ending: Ending
  ) -> ScheduleFlaw? {
    var steps = 0
    while steps < maxSteps {
      let ready = executor.readyCount
      if ready > 0 {
        executor.run(choice: ready == 1 ? 0 : chooser.choose(of: ready))
        steps += 1
      } else if ending.value != .none {
        return nil
      } else if let deadline = schedule.clock.nextDeadline {
        let waited = schedule.clock.now.duration(to: deadline)
        schedule.step("(nothing else can go on: \(waited.wholeMilliseconds) ms pass)")
        schedule.clock.advance(to: deadline)
      } else if !isWokenFromOutside(executor) {
        return .deadlock
      }
    }
    return .endless(steps: maxSteps)
  }

  private func isWokenFromOutside(_ executor: ScheduleExecutor) -> Bool {
    for _ in 0..<Self.grace {
      DriverThread.pause(milliseconds: 1)
      if executor.readyCount > 0 { return true }
    }
    return false
  }

  /// Lets cancelled tasks come to their end, so that nothing of this schedule stays in memory.
  private func finish(_ executor: ScheduleExecutor) {
    var steps = 0
    while steps < maxSteps, executor.readyCount > 0 {
      executor.run(choice: executor.readyCount - 1)
      steps += 1
    }
  }

  private func flaw(
    _ executor: ScheduleExecutor, _ schedule: Schedule, _ ending: Ending, _ stuck: ScheduleFlaw?
  ) -> ScheduleFlaw? {
    if executor.hasEscaped { return .escaped }
    if let stuck { return stuck }
    let findings = schedule.findings
    if !findings.isEmpty { return .findings(findings) }
    if case .threw(let error) = ending.value { return .threw(error) }
    return nil
  }
}

/// How the scenario's own task ended.
private final class Ending: Sendable {
  enum Value: Equatable {
    case none, returned
    case threw(String)
  }

  private let state = Mutex(Value.none)
  var value: Value { state.withLock { $0 } }
  func set(_ value: Value) { state.withLock { $0 = value } }
}
