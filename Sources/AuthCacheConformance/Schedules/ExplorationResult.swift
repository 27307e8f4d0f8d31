/// What an exploration found.
public struct ExplorationResult: Sendable {
  /// What the choice of the schedules followed from.
  public let seed: UInt64
  /// How many distinct schedules there had to be.
  public let floor: Int
  /// How many schedules ran.
  public internal(set) var run = 0
  /// How many of them were different from each other.
  public internal(set) var distinct = 0
  /// Whether these are all the schedules that there are.
  public internal(set) var isExhaustive = false
  /// The shortest failing schedule, nil if none failed.
  public internal(set) var failing: FailingSchedule?
  /// What was done, if this is a replay.
  public internal(set) var steps: [ScheduleStep] = []

  init(seed: UInt64, floor: Int) {
    self.seed = seed
    self.floor = floor
  }

  /// Whether no schedule failed and there were enough to say so.
  public var isPassed: Bool { failing == nil && distinct >= floor }

  /// Throws unless every schedule passed and there were at least as many distinct ones as asked for.
  public func check() throws(ExplorationFailure) {
    if !isPassed { throw ExplorationFailure(result: self) }
  }
}

extension ExplorationResult: CustomStringConvertible {
  public var description: String {
    let count = "\(distinct) distinct schedules\(isExhaustive ? ", which is all of them" : "") (\(run) run)"
    if let failing { return "\(failing)\n  seed \(seed); failed after \(count)" }
    if distinct < floor { return "only \(count); at least \(floor) are needed to show anything" }
    return "passed in \(count)"
  }
}

/// Thrown by ``ExplorationResult/check()``.
public struct ExplorationFailure: Error, CustomStringConvertible {
  /// What was found.
  public let result: ExplorationResult
  public var description: String { result.description }
}

/// A schedule in which the scenario goes wrong, shrunk.
public struct FailingSchedule: Sendable {
  /// What went wrong.
  public let flaw: ScheduleFlaw
  /// Replays the schedule: ``Exploration/replay(_:_:)`` with the same seed.
  public let trace: ScheduleTrace
  /// What the clients did, in this order.
  public let steps: [ScheduleStep]
  /// Which schedule of the exploration failed first, counted from 1.
  public let number: Int
  /// How many schedules were run to shrink it.
  public let shrinkingRuns: Int
}

extension FailingSchedule: CustomStringConvertible {
  public var description: String {
    let switches = trace.switches.count
    let header = "\(flaw) (\(switches) \(switches == 1 ? "switch" : "switches"), replay \"\(trace)\")"
    return ([header] + steps.map { "  \($0)" }).joined(separator: "\n")
  }
}
