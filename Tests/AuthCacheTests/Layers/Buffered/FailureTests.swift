import AuthCache
import AuthCacheConformance
import Testing

@Suite("Buffer: failures reach who waits for them") struct BufferFailureTests {
  @Test("a poisonous record fails alone: the others of its flush are written")
  func poison() async {
    await explore(floor: 10) { schedule in
      let lab = try BufferLab(schedule, BufferConfiguration(maxBatch: 4, maxDelay: .milliseconds(5))) { _, call in
        switch call {
        case .storeContents(let records) where records.contains { $0.digest == RecordSamples.digest(2) }:
          .refused(.corrupt)
        case .store(let record) where record.digest == RecordSamples.digest(2): .refused(.corrupt)
        default: nil
        }
      }
      let failures = try await schedule.clients(["1", "2", "3", "4"]) { name in
        await failure { try await lab.buffer.store(lab.session(UInt64(name)!)) }
      }
      schedule.expect(
        failures == [nil, Failure(code: .corrupt, effect: .none), nil, nil],
        "\(failures.map { "\($0, default: "ok")" })")
      for number in [1, 3, 4] as [UInt64] {
        schedule.expect(try await lab.stored(lab.session(number).id) != nil, "acknowledged and not written")
      }
      // In bulk, and once more by itself: that is the one repetition.
      schedule.expect(
        lab.probe.sent.values.allSatisfy { $0 <= 2 }, "a write was sent more than twice: \(lab.probe.sent)")
    }
  }

  @Test("a store that refuses everything is sent each write twice, in whatever calls", arguments: [1, 4, 100])
  func repeatedOnce(maxBatch: Int) async {
    await explore(200, floor: 2) { schedule in
      let lab = try BufferLab(
        schedule, BufferConfiguration(maxBatch: maxBatch, maxDelay: .milliseconds(5))
      ) { _, call in
        if case .close = call { nil } else { .refused(.unavailable) }
      }
      let told = try await schedule.clients((1...8).map(String.init)) { name in
        let session = lab.session(UInt64(name)!)
        return name == "8"
          ? await failure { _ = try await lab.buffer.remove(session.id) }
          : await failure { try await lab.buffer.store(session) }
      }
      schedule.expect(
        told.allSatisfy { $0 == Failure(code: .unavailable, effect: .none) }, "somebody was told otherwise")
      schedule.expect(lab.probe.sent.count == 8 && lab.probe.sent.values.allSatisfy { $0 == 2 }, "\(lab.probe.sent)")
      schedule.expect(lab.buffer.counts.retried == 8 && lab.buffer.counts.failed == 8, "\(lab.buffer.counts)")
    }
  }

  @Test("what certainly had no effect is tried once more, and then told")
  func retriedOnce() async {
    await explore { schedule in
      let attempts = Collected(0)
      let lab = try BufferLab(schedule) { _, call in
        guard case .store = call else { return nil }
        attempts.change { $0 += 1 }
        return attempts.value.isMultiple(of: 2) ? nil : .refused(.unavailable)
      }
      try await lab.buffer.store(lab.session(1))
      schedule.expect(attempts.value == 2, "\(attempts.value) attempts")
      lab.probe.follow { _, _ in
        attempts.change { $0 += 1 }
        return .refused(.unavailable)
      }
      let told = await failure { try await lab.buffer.store(lab.session(2)) }
      schedule.expect(told == Failure(code: .unavailable, effect: .none), "\(told, default: "nothing") was told")
      schedule.expect(attempts.value == 4, "\(attempts.value) attempts")
    }
  }

  @Test("what may have had an effect is told at once, and never repeated")
  func doubtful() async {
    await explore(floor: 4) { schedule in
      let lab = try BufferLab(schedule, BufferConfiguration(maxBatch: 2, maxDelay: .milliseconds(5))) { _, _ in
        .doubtful(.timeout)
      }
      let told = try await schedule.clients(["1", "2"]) { name in
        await failure { try await lab.buffer.store(lab.session(UInt64(name)!)) }
      }
      schedule.expect(
        told.allSatisfy { $0 == Failure(code: .timeout, effect: .unknown) }, "somebody was told otherwise")
      schedule.expect(lab.probe.sent.values.allSatisfy { $0 == 1 }, "a doubtful write was repeated")
    }
  }

  @Test("a failure reaches the reader that waits for that record, and no reader of another")
  func readers() async {
    await explore { schedule in
      let lab = try BufferLab(schedule, .patient(queued: [.session])) { _, call in
        if case .store(let record) = call, record.digest == RecordSamples.digest(1) { return .lost(.timeout) }
        return nil
      }
      try await lab.buffer.store(lab.session(1))
      try await lab.buffer.store(lab.session(2))
      let other = await failure { _ = try await lab.buffer.load(lab.session(2).id) }
      schedule.expect(other == nil, "the reader of another record was told")
      let told = await failure { _ = try await lab.buffer.load(lab.session(1).id) }
      schedule.expect(told == Failure(code: .timeout, effect: .none), "the reader was not told")
      let again = await failure { _ = try await lab.buffer.load(lab.session(2).id) }
      schedule.expect(again == nil, "told twice")
      schedule.expect(lab.buffer.unwritten().map(\.record.digest) == [RecordSamples.digest(1)], "the record is lost")
    }
  }

  @Test("of a queued write that failed the next caller hears, and close() counts it")
  func queued() async {
    await explore(floor: 2) { schedule in
      let lab = try BufferLab(
        schedule, BufferConfiguration(maxDelay: .milliseconds(5), queued: [.session])
      ) { _, call in
        if case .close = call { return nil }
        return .lost(.timeout)
      }
      try await lab.buffer.store(lab.session(1))
      try await schedule.clock.sleep(for: .milliseconds(6))
      lab.probe.follow(nil)
      let told = await failure { _ = try await lab.buffer.load(lab.session(7).id) }
      schedule.expect(told == Failure(code: .timeout, effect: .none), "the next caller was not told")
      schedule.expect(await failure { _ = try await lab.buffer.load(lab.session(7).id) } == nil, "told twice")
      schedule.expect(lab.buffer.unwritten().first?.error?.effect == .unknown, "not kept with its error")
      do {
        try await lab.buffer.close()
        schedule.fail("close() said nothing")
      } catch let error as AuthCacheError {
        schedule.expect(error.code == .drainIncomplete && error.unwritten == [.session: 1], "\(error)")
      }
      schedule.expect(lab.buffer.unwritten().count == 1, "not kept after the close")
    }
  }

  @Test("a queued write outlasts an outage: it is written when the store is back")
  func outage() async {
    await explore(100) { schedule in
      let isDown = Collected(true)
      let lab = try BufferLab(schedule, BufferConfiguration(queued: [.session])) { _, _ in
        isDown.value ? .refused(.unavailable) : nil
      }
      for number in 1...3 {
        _ = await failure { try await lab.buffer.store(lab.session(UInt64(number))) }
      }
      try await schedule.clock.sleep(for: .seconds(2))
      schedule.expect(await failure { try await lab.buffer.store(lab.session(9)) } != nil, "nobody was told")
      isDown.set(false)
      try await schedule.clock.sleep(for: .seconds(10))
      schedule.expect(lab.buffer.unwritten().isEmpty, "still unwritten: \(lab.buffer.unwritten().count)")
      let accepted = lab.buffer.counts.accepted
      let found = try await lab.buffer.records(of: .session, after: nil, limit: 9).count
      schedule.expect(found == accepted, "\(found) of \(accepted) accepted records were written")
      try await lab.buffer.close()
    }
  }

  @Test("a removal that fails gives the acknowledged store beneath it back")
  func failedRemoval() async {
    await explore(floor: 2) { schedule in
      let lab = try BufferLab(schedule, .patient(queued: [.session])) { _, call in
        switch call {
        case .remove, .removeContents: .refused(.unavailable)
        default: nil
        }
      }
      try await lab.buffer.store(lab.session(1))
      async let removing = failure { _ = try await lab.buffer.remove(lab.session(1).id) }
      try await lab.othersWait()
      _ = await failure { try await lab.buffer.flush() }
      schedule.expect(await removing == Failure(code: .unavailable, effect: .none), "the remover was not told")
      try await lab.buffer.flush()
      schedule.expect(try await lab.stored(lab.session(1).id) != nil, "an acknowledged store is lost")
    }
  }

  /// Every call of the delegate fails in turn, and what callers were told is compared with what is there.
  @Test("whichever call fails, and however, nobody is told a falsehood", arguments: 1...12)
  func everyCall(failing: Int) async {
    for fault in [DelegateProbe.Fault.refused(.unavailable), .lost(.timeout), .doubtful(.timeout)] {
      for isPersistent in [false, true] {
        await explore(40) { schedule in
          let lab = try BufferLab(
            schedule, BufferConfiguration(maxBatch: 3, maxDelay: .milliseconds(2), queued: [.client])
          ) { number, call in
            if case .close = call { return nil }
            return number == failing || (isPersistent && number > failing) ? fault : nil
          }
          let outcomes = try await schedule.clients(["1", "2", "3"]) { name in
            await Self.work(lab, UInt64(name)!)
          }
          lab.probe.follow(nil)
          for outcome in outcomes { try await outcome.judge(lab) }
          if case .refused = fault {
          } else if !isPersistent {
            schedule.expect(lab.probe.sent.values.allSatisfy { $0 <= 4 }, "a doubtful write was repeated")
          }
          let unwritten = lab.buffer.unwritten().count
          let closing = await failure { try await lab.buffer.close() }
          if unwritten == 0 { schedule.expect(closing == nil, "close() failed with nothing unwritten") }
        }
      }
    }
  }

  /// What one client knows about its own record when it is done.
  struct Knowledge: Sendable {
    var id: Lookup
    /// The revisions that may be there; nil for none.
    var possible: Set<UInt64?> = [nil]

    mutating func note(_ revision: UInt64?, _ failure: Failure?) {
      switch failure {
      case nil: possible = [revision]
      case let failure? where failure.effect == .none: break
      default: possible.insert(revision)
      }
    }

    func judge(_ lab: BufferLab) async throws {
      let found = try await lab.bottom.load(id)?.revision
      lab.schedule.expect(
        possible.contains(found), "revision \(found, default: "none") is there, possible are \(possible)")
    }
  }

  private static func work(_ lab: BufferLab, _ number: UInt64) async -> Knowledge {
    let record = lab.session(number, revision: 1, accessToken: 10 + number)
    var knowledge = Knowledge(id: record.id)
    knowledge.note(1, await failure { try await lab.buffer.store(record) })
    let next = record.replacing(revision: 2)
    knowledge.note(2, await failure { try await lab.buffer.store(next) })
    let found = Collected<Record?>(nil)
    if await failure({ found.set(try await lab.buffer.load(record.id)) }) == nil {
      lab.schedule.expect(knowledge.possible.contains(found.value?.revision), "a load answered what can't be there")
      knowledge.possible = [found.value?.revision]
    }
    let removed = await failure { _ = try await lab.buffer.remove(record.id) }
    knowledge.note(nil, removed)
    knowledge.note(3, await failure { try await lab.buffer.store(record.replacing(revision: 3)) })
    return knowledge
  }
}
