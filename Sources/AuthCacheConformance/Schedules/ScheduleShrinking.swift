/// Finds the shortest schedule that fails as a given one does.
struct ScheduleShrinking {
  private typealias Switches = [ScheduleTrace.Switch]

  private let driver: ScheduleDriver
  private let flaw: ScheduleFlaw
  private var runs = 0
  private var budget: Int

  init(driver: ScheduleDriver, flaw: ScheduleFlaw) {
    self.driver = driver
    self.flaw = flaw
    // Seeing that a schedule is stuck takes real time.
    budget = flaw.isSlow ? 20 : 4_000
  }

  mutating func shrink(_ run: ScheduleRun, number: Int) -> FailingSchedule {
    var switches = run.trace.switches
    var before: Switches
    repeat {
      before = switches
      switches = Shrinking.fewest(switches) { fails($0) }
      switches = withoutOneAndTheRestMoved(switches) ?? switches
    } while switches.count < before.count
    switches = withLowerChoices(switches)

    let trace = ScheduleTrace(switches)
    let recorded = driver.run(ScheduleChooser(following: trace), isRecording: true)
    // Whether another thread is seen is that thread's affair, and no sign of an unsteady scenario.
    let found = flaw == .escaped ? flaw : recorded.flaw ?? .unsteady(flaw.description)
    return FailingSchedule(
      flaw: found, trace: trace, steps: recorded.steps, number: number,
      shrinkingRuns: runs)
  }

  /// Leaving out a switch makes what follows come earlier or later.
  private mutating func withoutOneAndTheRestMoved(_ switches: Switches) -> Switches? {
    for index in switches.indices {
      for distance in [-1, 1, -2, 2, -3, 3] {
        let moved = switches[(index + 1)...].map {
          ScheduleTrace.Switch(point: $0.point + distance, choice: $0.choice)
        }
        if let first = moved.first, first.point <= (index == 0 ? -1 : switches[index - 1].point) { continue }
        let candidate = switches[..<index] + moved
        if fails(Switches(candidate)) { return Switches(candidate) }
      }
    }
    return nil
  }

  private mutating func withLowerChoices(_ switches: Switches) -> Switches {
    var switches = switches
    for index in switches.indices {
      for choice in 1..<switches[index].choice {
        var lower = switches
        lower[index] = ScheduleTrace.Switch(point: lower[index].point, choice: choice)
        if fails(lower) {
          switches = lower
          break
        }
      }
    }
    return switches
  }

  private mutating func fails(_ switches: Switches) -> Bool {
    guard runs < budget else { return false }
    runs += 1
    return flaw.isLike(driver.run(ScheduleChooser(following: ScheduleTrace(switches))).flaw)
  }
}
