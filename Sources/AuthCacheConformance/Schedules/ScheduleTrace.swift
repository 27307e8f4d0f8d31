/// Names one schedule: where, and to what, it departs from letting every task go on until it waits.
///
/// Written as `point:choice` pairs, such as `4:1 9:2`: at the fifth place where more than one task could go on, the one
/// before the last that became ready did.
public struct ScheduleTrace: Hashable, Sendable {
  /// One departure.
  public struct Switch: Hashable, Sendable, Comparable {
    /// The place, counted among those where more than one task was ready.
    public let point: Int
    /// How many places before the latest arrival the chosen task stood; at least 1.
    public let choice: Int

    /// At `point`, take the task that stood `choice` places before the latest.
    public init(point: Int, choice: Int) {
      self.point = point
      self.choice = choice
    }

    public static func < (a: Switch, b: Switch) -> Bool { (a.point, a.choice) < (b.point, b.choice) }
  }

  /// In order of their points.
  public let switches: [Switch]

  /// The schedule with these switches.
  public init(_ switches: [Switch] = []) { self.switches = switches.sorted() }

  /// The schedule without a switch.
  public static let straight = ScheduleTrace()

  init(choices: [ScheduleChoice]) {
    switches = choices.enumerated().compactMap { point, choice in
      choice.chosen == 0 ? nil : Switch(point: point, choice: choice.chosen)
    }
  }
}

extension ScheduleTrace: LosslessStringConvertible {
  public var description: String {
    switches.map { "\($0.point):\($0.choice)" }.joined(separator: " ")
  }

  /// Returns nil unless the text is made of `point:choice` pairs with a blank between them.
  public init?(_ description: String) {
    var switches: [Switch] = []
    for pair in description.split(separator: " ") {
      let parts = pair.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, let point = Int(parts[0]), let choice = Int(parts[1]), point >= 0, choice >= 1 else {
        return nil
      }
      switches.append(Switch(point: point, choice: choice))
    }
    self.init(switches)
  }
}
