internal import AuthCache

/// What was decided at one place where more than one task was ready.
struct ScheduleChoice: Hashable, Sendable {
  let chosen: Int
  let ready: Int
}

/// Decides, at each place where more than one task is ready, which goes on.
struct ScheduleChooser: Sendable {
  private enum Mode {
    case following(ArraySlice<ScheduleTrace.Switch>)
    /// Departs from the straight course with this probability.
    case random(SeededGenerator, departures: Double)
  }

  private var mode: Mode
  private(set) var made: [ScheduleChoice] = []

  init(following trace: ScheduleTrace) { mode = .following(trace.switches[...]) }

  init(seed: UInt64, departures: Double) { mode = .random(SeededGenerator(seed: seed), departures: departures) }

  /// How many places before the latest arrival the chosen task stands.
  mutating func choose(of ready: Int) -> Int {
    let chosen: Int
    switch mode {
    case .following(var switches):
      if let next = switches.first, next.point == made.count {
        switches.removeFirst()
        mode = .following(switches)
        chosen = min(next.choice, ready - 1)
      } else {
        chosen = 0
      }
    case .random(var generator, let departures):
      let departs = departures >= 1 || Double.random(in: 0..<1, using: &generator) < departures
      chosen = departs ? Int.random(in: 0..<ready, using: &generator) : 0
      mode = .random(generator, departures: departures)
    }
    made.append(ScheduleChoice(chosen: chosen, ready: ready))
    return chosen
  }
}
