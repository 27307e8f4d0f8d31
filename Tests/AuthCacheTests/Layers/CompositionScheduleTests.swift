import AuthCache
import AuthCacheConformance
import Testing

/// Layers over layers, two and three deep, whose buffers acknowledge before they have written.
@Suite(.serialized) struct CompositionScheduleTests {
  enum Layer: String, Sendable { case cache, buffer }

  static let compositions: [[Layer]] = [
    [.cache, .buffer], [.buffer, .cache], [.cache, .buffer, .cache], [.buffer, .cache, .buffer],
  ]

  private struct Tower: Sendable {
    let schedule: Schedule
    let probe = DelegateProbe()
    let bottom: ReferenceBackend
    let top: any AuthCacheBackend
    /// From the top down.
    let buffers: [any BufferingBackend]
    let session: Record
    let next: Record

    init(_ schedule: Schedule, _ layers: [Layer]) throws {
      self.schedule = schedule
      bottom = ReferenceBackend(clock: schedule.clock)
      var top: any AuthCacheBackend = InterceptedBackend(bottom, by: probe)
      var buffers: [any BufferingBackend] = []
      for layer in layers.reversed() {
        switch layer {
        case .cache: top = Self.cache(over: top, schedule)
        case .buffer:
          let buffer = try Self.buffer(over: top, schedule)
          buffers.insert(buffer, at: 0)
          top = buffer
        }
      }
      self.top = top
      self.buffers = buffers
      session = RecordSamples.record(
        1, expiresAt: schedule.clock.now + .seconds(3_600), accessToken: 2, refreshToken: 3,
        groups: Groups(subject: RecordSamples.digest(60)))
      next = session.replacing(
        revision: 7, aliases: Aliases(accessToken: RecordSamples.digest(4), refreshToken: RecordSamples.digest(5)))
    }

    private static func cache(over delegate: some AuthCacheBackend, _ schedule: Schedule) -> any AuthCacheBackend {
      CachingBackend(
        over: delegate,
        configuration: CachingConfiguration(
          sessions: CachePolicy(capacity: 8, negativeTimeToLive: .seconds(30)), clients: .disabled),
        clock: schedule.clock, spawner: schedule.spawner)
    }

    private static func buffer(
      over delegate: some AuthCacheBackend, _ schedule: Schedule
    ) throws -> any BufferingBackend {
      try BufferedBackend(
        over: delegate,
        configuration: BufferConfiguration(maxBatch: 2, maxDelay: .milliseconds(5), queued: [.session]),
        clock: schedule.clock, spawner: schedule.spawner)
    }

    var old: [Lookup] { [session.id, .accessToken(RecordSamples.digest(2))] }
    var new: [Lookup] { [session.id, .accessToken(RecordSamples.digest(4))] }

    func flush() async throws { for buffer in buffers { try await buffer.flush() } }

    func expectGone(_ words: String) async throws {
      for lookup in old + new {
        schedule.expect(try await top.load(lookup) == nil, "served by \(lookup.field) \(words)")
      }
    }
  }

  private func explore(
    _ law: String, _ layers: [Layer], floor: Int,
    _ scenario: @escaping @Sendable (Schedule) async throws -> Void
  ) async throws {
    let result = await Exploration(
      seed: 42, schedules: RaceLaws.schedules, floor: RaceLaws.floor(floor)
    ).run(scenario)
    print("schedules of \(law), \(layers.map(\.rawValue).joined(separator: " over ")): \(result)")
    try result.check()
  }

  @Test(arguments: compositions)
  func `A logout beside a rotation, readers and a flush is final`(_ layers: [Layer]) async throws {
    try await explore("logout and rotation", layers, floor: 1_000) { schedule in
      let tower = try Tower(schedule, layers)
      try await tower.top.store(tower.session)
      try await schedule.together([
        "logout": {
          schedule.expect(try await tower.top.remove(tower.session.id), "the session was not there")
          try await tower.expectGone("after its logout")
        },
        "rotate": {
          if try await tower.top.replace(tower.session, with: tower.next) {
            schedule.expect(
              try await tower.top.load(.accessToken(RecordSamples.digest(2))) == nil,
              "rotated, and the old token serves")
          }
        },
        "reader": { for lookup in tower.old { _ = try await tower.top.load(lookup) } },
        "flusher": { try await tower.flush() },
      ])
      try await tower.expectGone("at the end")
      try await tower.flush()
      schedule.expect(try await tower.bottom.load(tower.session.id) == nil, "a removed session is in the store")
      try await tower.top.close()
    }
  }

  @Test(arguments: compositions)
  func `Who wrote sees what it wrote, and a revoked group stays revoked`(_ layers: [Layer]) async throws {
    try await explore("own writes and revocation", layers, floor: 1_000) { schedule in
      let tower = try Tower(schedule, layers)
      try await schedule.together([
        "writer": {
          try await tower.top.store(tower.session)
          let found = try await tower.top.load(tower.session.id)
          schedule.expect(found == tower.session, "it does not find what it stored")
          guard let groups = tower.top as? any GroupBackend else { return schedule.fail("no groups") }
          _ = try await groups.removeAll(in: .subject(RecordSamples.digest(60)))
          try await tower.expectGone("after it was revoked")
        },
        "reader": { for lookup in tower.old { _ = try await tower.top.load(lookup) } },
        "flusher": { try await tower.flush() },
      ])
      try await tower.flush()
      try await tower.expectGone("at the end")
      schedule.expect(try await tower.bottom.load(tower.session.id) == nil, "a revoked session is in the store")
      try await tower.top.close()
    }
  }

  @Test(arguments: compositions)
  func `A close beside writers and readers loses nothing that was acknowledged`(_ layers: [Layer]) async throws {
    try await explore("close", layers, floor: 1_000) { schedule in
      let tower = try Tower(schedule, layers)
      let acknowledged = Collected<Set<Lookup>>([])
      try await schedule.together([
        "writer": {
          for number in 20..<23 as Range<UInt64> {
            let record = RecordSamples.record(number, expiresAt: nil, accessToken: number + 100)
            switch await failure({ try await tower.top.store(record) }) {
            case nil: acknowledged.change { $0.insert(record.id) }
            case let failure?: schedule.expect(failure.code == .closed, "told \(failure)")
            }
          }
        },
        "reader": {
          _ = await failure { _ = try await tower.top.load(.id(.session, RecordSamples.digest(20))) }
          _ = await failure { _ = try await tower.top.load(.accessToken(RecordSamples.digest(121))) }
        },
        "closer": { try await tower.top.close() },
      ])
      schedule.expect(acknowledged.value == Set(tower.probe.sent.keys), "what was told is not what was written")
      schedule.expect(tower.buffers.allSatisfy { $0.unwritten().isEmpty }, "something is left")
      schedule.expect(schedule.clock.sleeperCount == 0, "somebody still sleeps")
    }
  }
}
