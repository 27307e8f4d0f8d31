/// What can be wrong with a schedule.
public enum ScheduleFlaw: Hashable, Sendable {
  /// The scenario noted these findings.
  case findings([String])
  /// The scenario threw.
  case threw(String)
  /// Tasks wait for each other, or for what nobody will do.
  case deadlock
  /// No end was reached in this many steps.
  case endless(steps: Int)
  /// Part of the work ran on another executor (`Task {}`, a detached task, a real sleep), where no schedule holds.
  case escaped
  /// Failed like this and passed when it was run again: the scenario depends on more than its schedule.
  case unsteady(String)

  /// Whether seeing this flaw takes real time.
  var isSlow: Bool { self == .deadlock || self == .escaped }

  /// Whether both are flaws of one sort, whatever their words.
  func isLike(_ other: ScheduleFlaw?) -> Bool {
    switch (self, other) {
    case (.findings, .findings), (.threw, .threw), (.deadlock, .deadlock), (.endless, .endless),
      (.escaped, .escaped),
      (.unsteady, .unsteady):
      true
    default: false
    }
  }
}

extension ScheduleFlaw: CustomStringConvertible {
  public var description: String {
    switch self {
    case .findings(let findings): findings.joined(separator: "; ")
    case .threw(let error): "the scenario threw: \(error)"
    case .deadlock: "deadlock: nothing can go on, and the scenario has not ended"
    case .endless(let steps): "no end after \(steps) steps"
    case .escaped:
      "work left the schedule's executor: start tasks through the schedule's spawner and sleep on its clock"
    case .unsteady(let flaw): "failed, but not when run again: the scenario is no function of its schedule (\(flaw))"
    }
  }
}
