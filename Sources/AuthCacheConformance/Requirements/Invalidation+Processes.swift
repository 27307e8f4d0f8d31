internal import AuthCache

extension Requirement {
  private static let betweenProcesses: [Need] = [.invalidation, .shared, .linearizable, .child]

  /// Two processes, a whole cache in each.
  static let processes: [Requirement] = [
    Requirement(
      "invalidation.process.cacheFollows", .invalidation,
      "What one process changes, alone, in bulk or by group, a cache in another stops serving long before its time is "
        + "over.",
      consequence: "Whoever logged out on one instance stays logged in on the others.",
      likelyCause: "The announcements of another process do not get as far as the cache, or not all of them.",
      references: ["AspNetCore.Docs#34224", "ocis#3521"], needs: betweenProcesses
    ) { trial in
      let pair = try await CachingPair(trial)
      var slowest = Duration.zero
      for turn in 0..<2 {
        let (changer, reader) = (pair.processes[turn], pair.processes[1 - turn])
        try await pair.restore()
        for process in pair.processes { try await pair.warm(process) }
        try await pair.tell(.change, to: changer)
        try await pair.expectChanged(changer, "the cache of the process that changed them serves what it wrote")
        slowest = max(slowest, try await pair.followed(by: reader, "the cache of another process serves nothing older"))
      }
      trial.measured(
        "\(SharedSessions.count) changes by another process reached the cache within \(slowest.wholeMilliseconds) ms")
      try await pair.end()
    },
    Requirement(
      "invalidation.process.lostSource", .invalidation,
      "What changed while a cache had lost its source of news, it no longer serves once it has one again.",
      consequence: "After a database's failover one instance serves revoked sessions until they expire.",
      likelyCause: "The new subscription goes on where the old one ended, as if nothing had happened between them.",
      references: ["node-postgres#967", "postgrest#3147"], needs: betweenProcesses
    ) { trial in
      let pair = try await CachingPair(trial)
      let (changer, reader) = (pair.processes[0], pair.processes[1])
      try await pair.restore()
      try await pair.warm(reader)
      try await pair.tell(.lose, to: reader)
      // Whatever it remembers from now on, nobody will ever announce. It may just as well remember nothing.
      try await pair.tell(.warm, to: reader)
      try await pair.tell(.change, to: changer)
      try await pair.tell(.find, to: reader)
      try await pair.followed(by: reader, "a cache that hears again serves nothing from before")
      try await pair.end()
    },
  ]
}

/// Two child processes with a cache each, and the sessions that both serve.
private struct CachingPair {
  let trial: Trial
  let sessions: SharedSessions
  let store: any AuthCacheBackend
  let processes: [ChildProcess]

  init(_ trial: Trial) async throws {
    self.trial = trial
    sessions = SharedSessions(RecordSeries(trial))
    store = try await trial.open()
    processes = try (0..<2).map { [sessions] _ in try trial.spawn(.keepCache, sessions.series.arguments()) }
    for process in processes {
      let answer = try await answer(of: process)
      if answer.hasPrefix("unsupported: ") { throw NotOffered(reason: answer) }
    }
  }

  /// Puts every session back, from a third process.
  func restore() async throws {
    try await store.storeEach(sessions.originals)
    let expected = sessions.expected(isChanged: false)
    for process in processes {
      try await trial.until("a cache serves what was stored by another process") {
        try await tell(.tell, to: process) == expected
      }
    }
  }

  /// Has `process` serve everything from memory.
  func warm(_ process: ChildProcess) async throws {
    let warm = try await tell(.warm, to: process)
    try trial.require(
      warm == "\(sessions.lookups.count)", "a cache serves from memory what nobody changes",
      expected: "\(sessions.lookups.count) of \(sessions.lookups.count) lookups", found: warm)
  }

  func expectChanged(_ process: ChildProcess, _ message: String) async throws {
    let served = try await tell(.tell, to: process)
    trial.expect(
      served == sessions.expected(isChanged: true), message, expected: "every change",
      found: "not seen: \(sessions.unseen(in: served))")
  }

  /// - Returns: how long it took.
  @discardableResult
  func followed(by process: ChildProcess, _ message: String) async throws -> Duration {
    let clock = ContinuousClock()
    let begin = clock.now
    var served = try await tell(.tell, to: process)
    while served != sessions.expected(isChanged: true), clock.now - begin < Self.bound {
      try await Task.sleep(for: .milliseconds(1))
      served = try await tell(.tell, to: process)
    }
    try trial.require(
      served == sessions.expected(isChanged: true), message, expected: "every change within \(Self.bound)",
      found: "not seen: \(sessions.unseen(in: served))")
    return clock.now - begin
  }

  /// What anything announced may take; a day would be over later.
  private static let bound = Duration.seconds(3) * CheckRun.pace

  @discardableResult
  func tell(_ order: CachingProcess.Order, to process: ChildProcess) async throws -> String {
    if order != .tell { trial.trace.note("process \(process.id) is told to \(order.rawValue)") }
    process.send(order.rawValue)
    return try await answer(of: process)
  }

  private func answer(of process: ChildProcess) async throws -> String {
    if let line = await process.nextLine() { return line }
    try await trial.finish(process)
    throw Blocked("\(trial.children?.executable ?? "the executable") plays no part when it is started as a child")
  }

  func end() async throws {
    for process in processes { process.closeInput() }
    for process in processes { try await trial.finish(process) }
  }
}
