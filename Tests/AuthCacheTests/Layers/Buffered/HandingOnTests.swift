import AuthCache
import AuthCacheConformance
import Testing

@Suite("Buffer: over a delegate that gathers by itself") struct HandingOnTests {
  private struct Gathering: ForwardingBackend, GatheringBackend {
    let delegate: InterceptedBackend<ReferenceBackend>
    var favors = Collected(0)

    func favorThroughput() { favors.change { $0 += 1 } }
  }

  private struct Lab: Sendable {
    let bottom: ReferenceBackend
    let probe: DelegateProbe
    let buffer: BufferedBackend<Gathering>

    init(
      _ schedule: Schedule, _ configuration: BufferConfiguration = BufferConfiguration(),
      script: DelegateProbe.Script? = nil
    ) throws {
      bottom = ReferenceBackend(clock: schedule.clock)
      probe = DelegateProbe(script)
      buffer = try BufferedBackend(
        over: Gathering(delegate: InterceptedBackend(bottom, by: probe)), configuration: configuration,
        clock: schedule.clock, spawner: schedule.spawner)
    }
  }

  private static func session(_ number: UInt64, revision: UInt64 = 1, accessToken: UInt64? = nil) -> Record {
    RecordSamples.record(
      number, revision: revision, expiresAt: .distantFuture, accessToken: accessToken,
      payload: [UInt8(truncatingIfNeeded: revision)])
  }

  private func race(
    _ law: String, floor: Int, _ scenario: @escaping @Sendable (Schedule) async throws -> Void
  ) async {
    let result = await Exploration(
      seed: 42, schedules: RaceLaws.schedules, floor: RaceLaws.floor(floor), maxSteps: 20_000
    ).run(scenario)
    print("schedules of handing on, \(law): \(result)")
    #expect(result.isPassed, "\(result)")
  }

  @Test("the delegate is told, once, that throughput counts")
  func favor() async {
    await explore(1) { schedule in
      let lab = try Lab(schedule)
      try await lab.buffer.store(Self.session(1))
      try await lab.buffer.store(Self.session(2))
      schedule.expect(lab.buffer.delegate.favors.value == 1, "told \(lab.buffer.delegate.favors.value) times")
    }
  }

  @Test("writes of different records are at the delegate at once, one call each")
  func atOnce() async {
    await explore(1) { schedule in
      let underWay = Collected(0)
      let most = Collected(0)
      let lab = try Lab(schedule) { _, _ in
        underWay.change { $0 += 1 }
        most.change { $0 = max($0, underWay.value) }
        try? await schedule.clock.sleep(for: .seconds(1))
        underWay.change { $0 -= 1 }
        return nil
      }
      _ = try await schedule.clients((1...20).map { "\($0)" }) { name in
        try await lab.buffer.store(Self.session(UInt64(name)!))
      }
      schedule.expect(most.value == 20, "\(most.value) of 20 writes were under way at once")
      schedule.expect(lab.probe.writes.count == 20, "\(lab.probe.writes.count) calls")
      schedule.expect(lab.buffer.counts.written == 20, "\(lab.buffer.counts) does not count them")
    }
  }

  @Test("one record keeps its order: what comes while a write is under way waits, and is written once")
  func order() async {
    await race("order", floor: 500) { schedule in
      let lab = try Lab(schedule)
      try await lab.buffer.store(Self.session(1))
      try await schedule.together([
        "rotation": {
          try await lab.buffer.store(Self.session(1, revision: 2, accessToken: 10))
          try await lab.buffer.store(Self.session(1, revision: 3, accessToken: 11))
          let read = try await lab.buffer.load(.accessToken(RecordSamples.digest(10)))
          schedule.expect(read == nil, "a token that was rotated away loads")
        },
        "other": {
          try await lab.buffer.store(Self.session(2))
          schedule.expect(try await lab.buffer.remove(Self.session(2).id), "stored, and not there to remove")
          schedule.expect(try await lab.buffer.load(Self.session(2).id) == nil, "removed, and still there")
        },
        "reader": { _ = try await lab.buffer.load(Self.session(1).id) },
        "flusher": { try await lab.buffer.flush() },
      ])
      schedule.expect(try await lab.bottom.load(Self.session(1).id)?.revision == 3, "the last write did not win")
      schedule.expect(try await lab.bottom.load(Self.session(2).id) == nil, "a removed record came back")
    }
  }

  @Test(
    "nothing passes a write of the same record that is under way, however long that takes", arguments: [false, true])
  func nothingPasses(_ ends: Bool) async {
    await explore(100) { schedule in
      let lab = try Lab(schedule) { number, _ in
        if number == 2 { try? await schedule.clock.sleep(for: .seconds(10)) }
        return nil
      }
      // From here on a write goes past the queue.
      try await lab.buffer.store(Self.session(3))
      let begin = schedule.clock.now
      try await schedule.together([
        "login": { try await lab.buffer.store(Self.session(1)) },
        "next": {
          try await schedule.clock.sleep(for: .seconds(1))
          guard ends else { return try await lab.buffer.store(Self.session(1, revision: 2)) }
          let removed = try await lab.buffer.remove(Self.session(1).id)
          schedule.expect(removed, "what was stored before was not there to remove")
        },
        "other": {
          try await schedule.clock.sleep(for: .seconds(1))
          try await lab.buffer.store(Self.session(2))
          schedule.expect(schedule.clock.now < begin + .seconds(5), "another record waited")
        },
      ])
      let found = try await lab.bottom.load(Self.session(1).id)?.revision
      schedule.expect(found == (ends ? nil : 2), "in the end there is \(String(describing: found))")
      schedule.expect(lab.buffer.counts.written == 4, "\(lab.buffer.counts) does not count them")
    }
  }

  @Test("no more than its capacity is under way, whoever looks at it meanwhile")
  func capacity() async {
    await explore(100) { schedule in
      let underWay = Collected(0)
      let most = Collected(0)
      let lab = try Lab(schedule, BufferConfiguration(maxBatch: 2, capacity: 2)) { _, _ in
        underWay.change { $0 += 1 }
        most.change { $0 = max($0, underWay.value) }
        try? await schedule.clock.sleep(for: .seconds(1))
        underWay.change { $0 -= 1 }
        return nil
      }
      _ = try await schedule.clients((1...6).map { "\($0)" }) { name in
        try await lab.buffer.store(Self.session(UInt64(name)!))
        _ = lab.buffer.counts
      }
      _ = try await schedule.clients((1...6).map { "\($0)" }) { name in
        _ = lab.buffer.counts
        try await lab.buffer.store(Self.session(UInt64(name)!, revision: 2))
      }
      schedule.expect(most.value == 2, "\(most.value) writes were under way at once")
      schedule.expect(lab.buffer.counts.written == 12, "\(lab.buffer.counts) does not count them")
    }
  }

  @Test("a logout wins over every store that came before it")
  func logout() async {
    await race("logout", floor: 500) { schedule in
      let lab = try Lab(schedule)
      let stored = Collected(false)
      try await schedule.together([
        "login": {
          try await lab.buffer.store(Self.session(1))
          stored.change { $0 = true }
        },
        "use": {
          _ = try await lab.buffer.consume(Self.session(2).id)
          try await lab.buffer.store(Self.session(2))
        },
        "logout": {
          let wasStored = stored.value
          let removed = try await lab.buffer.remove(Self.session(1).id)
          schedule.expect(removed || !wasStored, "an acknowledged session was not there to remove")
          if wasStored {
            schedule.expect(try await lab.bottom.load(Self.session(1).id) == nil, "removed, and still there")
          }
        },
      ])
    }
  }

  @Test("whoever is cancelled fails nobody: not who waits behind the write, and no flush")
  func cancelled() async {
    await race("cancellation", floor: 100) { schedule in
      let lab = try Lab(schedule) { number, _ in
        guard number == 1 else { return nil }
        do { try await schedule.clock.sleep(for: .seconds(10)) } catch { return .refused(.cancelled) }
        return nil
      }
      let first = schedule.spawner.spawn { [buffer = lab.buffer] in
        try? await buffer.store(Self.session(1))
      }
      try await schedule.clock.sleep(for: .milliseconds(1))
      try await schedule.together([
        "canceller": { first.cancel() },
        "successor": { try await lab.buffer.store(Self.session(1, revision: 2)) },
        "flusher": { try await lab.buffer.flush() },
        "reader": { _ = try await lab.buffer.consume(Self.session(1).id) },
      ])
      await first.value
      let sent = lab.probe.sent[Self.session(1).id] ?? 0
      schedule.expect(sent <= 2, "a cancelled write was sent again: \(sent)")
      schedule.expect(lab.buffer.unwritten().isEmpty, "something is left")
    }
  }

  @Test("a close waits for what callers carry, writes what waits behind it, and leaves nothing at the delegate")
  func close() async {
    await race("close", floor: 100) { schedule in
      let lab = try Lab(schedule)
      let told = Collected<[String: Failure?]>([:])
      try await schedule.together([
        "A": {
          let outcome = await failure { try await lab.buffer.store(Self.session(1)) }
          told.change { $0["A"] = .some(outcome) }
        },
        "B": {
          let outcome = await failure { try await lab.buffer.store(Self.session(1, revision: 2)) }
          told.change { $0["B"] = .some(outcome) }
        },
        "closer": { try await lab.buffer.close() },
      ])
      for (name, outcome) in told.value {
        guard let outcome else { continue }
        schedule.expect(outcome == Failure(code: .closed, effect: .none), "\(name) was told \(outcome)")
      }
      let written = told.value.values.count { $0 == nil }
      schedule.expect(lab.buffer.counts.written + lab.buffer.counts.coalesced == written, "not what callers were told")
      let calls = lab.probe.calls.map(\.operation)
      schedule.expect(calls.last == .close, "something reached the delegate after it was closed")
    }
  }

  @Test("what a call says that a close has given up changes nothing", arguments: [false, true])
  func givenUp(isLost: Bool) async {
    await explore(100) { schedule in
      let gate = DeafGate()
      let configuration = BufferConfiguration(drainDeadline: .seconds(10), closeDeadline: .seconds(20))
      let lab = try Lab(schedule, configuration) { _, call in
        guard case .store = call else { return nil }
        await gate.pass()
        return isLost ? .lost(.unavailable) : nil
      }
      async let writing = failure { try await lab.buffer.store(Self.session(1)) }
      try await schedule.clock.sleep(for: .seconds(1))
      let closing = await failure { try await lab.buffer.close() }
      schedule.expect(closing == Failure(code: .drainIncomplete, effect: .unknown), "the close said nothing")
      let (counts, left) = (lab.buffer.counts, lab.buffer.unwritten().map(\.record.digest))

      gate.open()
      // What comes through late finds the delegate closed.
      schedule.expect(await writing != nil, "the writer was told that it is stored")
      schedule.expect(lab.buffer.counts == counts, "a late answer was counted: \(lab.buffer.counts), not \(counts)")
      schedule.expect(lab.buffer.unwritten().map(\.record.digest) == left, "a late answer changed what is unwritten")
      let again = await failure { try await lab.buffer.close() }
      schedule.expect(again == closing, "the second answer differs")
    }
  }

  @Test("a failure without effect is tried once more, reaches its caller alone, and the next write goes on")
  func failing() async {
    await explore(1) { schedule in
      let lab = try Lab(schedule) { _, call in
        if case .store(let record) = call, record.digest == RecordSamples.digest(1) { return .refused(.unavailable) }
        return nil
      }
      _ = try await schedule.clients(["1", "2", "3"]) { name in
        let outcome = await failure { try await lab.buffer.store(Self.session(UInt64(name)!)) }
        let expected = name == "1" ? Failure(code: .unavailable, effect: .none) : nil
        schedule.expect(outcome == expected, "\(name) was told \(String(describing: outcome))")
      }
      schedule.expect(lab.probe.sent[Self.session(1).id] == 2, "tried \(lab.probe.sent[Self.session(1).id] ?? 0) times")
      lab.probe.follow(nil)
      try await lab.buffer.store(Self.session(1))
      schedule.expect(lab.buffer.counts.failed == 1 && lab.buffer.counts.retried == 1, "\(lab.buffer.counts)")
    }
  }

  @Test("with a delay it gathers, whatever the delegate does, and kinds that are queued are not handed on")
  func gathers() async {
    await explore(1) { schedule in
      let lab = try Lab(schedule, BufferConfiguration(maxDelay: .milliseconds(5)))
      _ = try await schedule.clients(["1", "2", "3"]) { _ in try await lab.buffer.store(Self.session(1)) }
      schedule.expect(lab.probe.sent[Self.session(1).id] == 1, "three stores of one record were not coalesced")
      let queued = try Lab(schedule, BufferConfiguration(queued: [.session])) { _, _ in
        try? await schedule.clock.sleep(for: .seconds(5))
        return nil
      }
      let before = schedule.clock.now
      for number in 1...5 { try await queued.buffer.store(Self.session(UInt64(number))) }
      schedule.expect(schedule.clock.now == before, "a queued store waited for the delegate")
      try await queued.buffer.flush()
    }
  }
}
