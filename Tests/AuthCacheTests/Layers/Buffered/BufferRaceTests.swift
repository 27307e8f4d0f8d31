import AuthCache
import AuthCacheConformance
import Testing

/// The laws that races break, in ten thousand interleavings each.
@Suite("Buffer: races") struct BufferRaceTests {
  private func race(
    _ law: String, floor: Int, seed: UInt64 = 42, _ scenario: @escaping @Sendable (Schedule) async throws -> Void
  ) async {
    let result = await Exploration(
      seed: seed, schedules: RaceLaws.schedules, floor: RaceLaws.floor(floor), maxSteps: 20_000
    ).run(scenario)
    print("schedules of \(law): \(result)")
    #expect(result.isPassed, "\(result)")
  }

  @Test("a removal wins over the store before it, whatever is under way")
  func removal() async {
    await race("removal", floor: 1_000) { schedule in
      let lab = try BufferLab(schedule, BufferConfiguration(maxBatch: 2, queued: [.session]))
      try await schedule.together([
        "logout": {
          try await lab.buffer.store(lab.session(1, accessToken: 10))
          schedule.expect(try await lab.buffer.remove(lab.session(1).id), "the session was not there")
          schedule.expect(try await lab.buffer.load(lab.session(1).id) == nil, "removed, and still there")
        },
        "others": {
          try await lab.buffer.store(lab.session(2))
          _ = try await lab.buffer.load(.accessToken(RecordSamples.digest(10)))
        },
        "flusher": { try await lab.buffer.flush() },
      ])
      try await lab.buffer.flush()
      schedule.expect(try await lab.stored(lab.session(1).id) == nil, "a removed session came back")
    }
  }

  @Test(
    "of two that consume a record that waits, one gets it, and a store that was acknowledged before is what it gets")
  func consumption() async {
    await race("consumption", floor: 1_000) { schedule in
      let lab = try BufferLab(schedule, BufferConfiguration(maxBatch: 4, queued: [.session]))
      let session = lab.session(1, revision: 2)
      try await lab.buffer.store(lab.session(1))
      try await lab.buffer.store(session)
      let taken = Collected<[UInt64]>([])
      try await schedule.together([
        "A": {
          if let record = try await lab.buffer.consume(session.id) { taken.change { $0.append(record.revision) } }
        },
        "B": {
          if let record = try await lab.buffer.consume(session.id) { taken.change { $0.append(record.revision) } }
        },
        "flusher": { try await lab.buffer.flush() },
      ])
      schedule.expect(taken.value == [2], "taken: \(taken.value)")
      try await lab.buffer.flush()
      schedule.expect(try await lab.stored(session.id) == nil, "consumed, and written again")
    }
  }

  @Test("what was acknowledged as persisted is in the store at that instant")
  func acknowledgement() async {
    await race("acknowledgement", floor: 1_000) { schedule in
      let lab = try BufferLab(schedule, BufferConfiguration(maxBatch: 2))
      _ = try await schedule.clients(["1", "2", "3"]) { name in
        let session = lab.session(UInt64(name)!)
        try await lab.buffer.store(session)
        schedule.expect(try await lab.stored(session.id) == session, "acknowledged and not there")
        schedule.expect(try await lab.buffer.remove(session.id), "it was not there to remove")
        schedule.expect(try await lab.stored(session.id) == nil, "removed and still there")
      }
    }
  }

  @Test("a group that is revoked stays revoked, whatever waited when it was")
  func revocation() async {
    await race("revocation", floor: 1_000) { schedule in
      let lab = try BufferLab(schedule, BufferConfiguration(maxBatch: 2, queued: [.session]))
      let group = Groups(subject: RecordSamples.digest(50))
      for number in 1...3 { try await lab.buffer.store(lab.session(UInt64(number), groups: group)) }
      try await schedule.together([
        "revoker": {
          _ = try await lab.buffer.removeAll(in: .subject(RecordSamples.digest(50)))
          for number in 1...3 {
            schedule.expect(try await lab.buffer.load(lab.session(UInt64(number)).id) == nil, "still there")
          }
        },
        "reader": { _ = try await lab.buffer.load(lab.session(2).id) },
        "flusher": { try await lab.buffer.flush() },
      ])
      try await lab.buffer.flush()
      for number in 1...3 {
        schedule.expect(try await lab.stored(lab.session(UInt64(number)).id) == nil, "a revoked session came back")
      }
    }
  }

  @Test("a save that compares revisions sees the write before it, and loses to the one after it")
  func replacement() async {
    await race("replacement", floor: 1_000) { schedule in
      let lab = try BufferLab(schedule, BufferConfiguration(maxBatch: 2, queued: [.session]))
      try await lab.buffer.store(lab.session(1, revision: 1))
      let won = Collected(0)
      _ = try await schedule.clients(["2", "3"]) { name in
        let next = lab.session(1, revision: UInt64(name)!)
        if try await lab.buffer.replace(lab.session(1, revision: 1), with: next) { won.change { $0 += 1 } }
      }
      schedule.expect(won.value == 1, "\(won.value) savers won")
    }
  }

  @Test("a close beside readers, writers and a flush ends with everything persisted or refused")
  func closing() async {
    await race("closing", floor: 1_000) { schedule in
      let lab = try BufferLab(
        schedule, BufferConfiguration(maxBatch: 2, maxDelay: .milliseconds(2), queued: [.session]))
      let accepted = Collected(0)
      try await schedule.together([
        "writer": {
          for number in 1...3 where await failure({ try await lab.buffer.store(lab.session(UInt64(number))) }) == nil {
            accepted.change { $0 += 1 }
          }
        },
        "reader": { _ = await failure { _ = try await lab.buffer.load(lab.session(1).id) } },
        "flusher": { _ = await failure { try await lab.buffer.flush() } },
        "closer": { try await lab.buffer.close() },
      ])
      schedule.expect(lab.buffer.counts.written == accepted.value, "written is not what was accepted")
      schedule.expect(lab.buffer.unwritten().isEmpty, "something is left")
    }
  }

  @Test("of writers that wait for room and are cancelled, each write happens or not as its caller was told")
  func fullAndCancelled() async {
    await race("full queue and cancellation", floor: 1_000) { schedule in
      let lab = try BufferLab(schedule, BufferConfiguration(maxBatch: 1, capacity: 1))
      let writers = (1...3).map { number in
        schedule.spawner.spawn { await failure { try await lab.buffer.store(lab.session(UInt64(number))) } }
      }
      try await schedule.together([
        "first canceller": {
          await schedule.point()
          writers[1].cancel()
        },
        "second canceller": {
          for _ in 0..<3 { await schedule.point() }
          writers[2].cancel()
        },
      ])
      for (number, writer) in writers.enumerated() {
        let told = await writer.value
        let isStored = try await lab.stored(lab.session(UInt64(number + 1)).id) != nil
        switch told {
        case nil: schedule.expect(isStored, "acknowledged, and not there")
        case Failure(code: .cancelled, effect: .none): schedule.expect(!isStored, "taken back, and there")
        case Failure(code: .cancelled, effect: .unknown): break
        case let other?: schedule.fail("told \(other)")
        }
      }
      try await lab.buffer.store(lab.session(9))
      try await lab.buffer.close()
    }
  }
}
