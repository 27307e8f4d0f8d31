internal import AuthCache

extension Trial {
  /// Runs `scenario` in a few hundred orders of its steps, and records a breach with the shortest in which it goes wrong.
  ///
  /// What a layer does must stay in the schedule: it may start tasks only through the spawner that it is given.
  func explore(
    _ what: String, schedules: Int = 300, file: StaticString = #fileID, line: UInt = #line,
    _ scenario: @escaping @Sendable (Schedule) async throws -> Void
  ) async {
    let exploration = Exploration(seed: entropy.next(), schedules: schedules, floor: 10, startingAt: now)
    let result = await exploration.runAtOnce(scenario)
    guard !result.isPassed else { return }
    fail(
      what, expected: "the same outcome in whatever order the steps come", found: "\(result)", file: file, line: line)
  }

  /// A cache of the subject's over `store`, in a schedule. Sessions and their absence are remembered.
  func scheduledCache(
    over store: any AuthCacheBackend, _ schedule: Schedule
  ) throws -> any CachingLayer {
    try makeCache(
      LayerFactories.CacheParts(
        delegate: store, configuration: .checked(), source: nil, clock: schedule.clock, spawner: schedule.spawner))
  }
}
