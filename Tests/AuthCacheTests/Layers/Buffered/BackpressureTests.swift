import AuthCache
import AuthCacheConformance
import Testing

@Suite("Buffer: bounds") struct BackpressureTests {
  @Test("when the buffer is full, writers wait, and none of their writes is lost")
  func full() async {
    await explore(10_000, floor: 100) { schedule in
      let lab = try BufferLab(schedule, BufferConfiguration(maxBatch: 2, capacity: 2, queued: [.session]))
      let deepest = Collected(0)
      let names = ["1", "2", "3"]
      _ = try await schedule.clients(names) { name in
        for round in 0..<3 {
          try await lab.buffer.store(lab.session(UInt64(name)! * 10 + UInt64(round)))
          deepest.change { $0 = max($0, lab.buffer.unwritten().count) }
        }
      }
      try await lab.buffer.close()
      schedule.expect(deepest.value <= 2, "\(deepest.value) writes were held")
      schedule.expect(lab.buffer.counts.written == 9, "\(lab.buffer.counts.written) of 9 were written")
    }
  }

  @Test("a writer that waits for room and is cancelled leaves, and its write never happens")
  func cancelledForRoom() async {
    await explore { schedule in
      let gate = Collected(false)
      let lab = try BufferLab(schedule, BufferConfiguration(maxBatch: 1, capacity: 1)) { _, _ in
        while !gate.value { try? await schedule.clock.sleep(for: .milliseconds(5)) }
        return nil
      }
      async let first: Void = lab.buffer.store(lab.session(1))
      try await lab.othersWait()
      let waiting = schedule.spawner.spawn { await failure { try await lab.buffer.store(lab.session(2)) } }
      try await lab.othersWait()
      waiting.cancel()
      schedule.expect(await waiting.value == Failure(code: .cancelled, effect: .none), "it did not leave")
      gate.set(true)
      try await first
      try await lab.buffer.store(lab.session(3))
      schedule.expect(try await lab.stored(lab.session(2).id) == nil, "what was cancelled without effect is there")
    }
  }

  @Test("a cancelled writer takes its write back if it is alone with it, and else says that it may happen")
  func cancelledWaiting() async {
    await explore(floor: 2) { schedule in
      let lab = try BufferLab(schedule, .patient())
      func cancelled(_ record: Record) async throws -> Failure? {
        let writing = schedule.spawner.spawn { await failure { try await lab.buffer.store(record) } }
        try await lab.othersWait()
        writing.cancel()
        return await writing.value
      }
      let alone = try await cancelled(lab.session(1))
      schedule.expect(alone == Failure(code: .cancelled, effect: .none), "\(alone, default: "nothing")")
      async let sharing: Void = lab.buffer.store(lab.session(2))
      try await lab.othersWait()
      let shared = try await cancelled(lab.session(2, revision: 2))
      schedule.expect(shared == Failure(code: .cancelled, effect: .unknown), "\(shared, default: "nothing")")
      try await lab.buffer.flush()
      try await sharing
      schedule.expect(try await lab.stored(lab.session(1).id) == nil, "taken back and written")
      schedule.expect(try await lab.stored(lab.session(2).id) != nil, "one caller's cancellation lost another's write")
    }
  }

  @Test("a caller that is cancelled while its flush is under way leaves, and fails nobody else")
  func cancelledUnderWay() async {
    await explore(floor: 2) { schedule in
      let lab = try BufferLab(schedule, BufferConfiguration(maxBatch: 2, maxDelay: .milliseconds(5))) { _, _ in
        try? await schedule.clock.sleep(for: .seconds(3))
        return nil
      }
      let start = schedule.clock.now
      async let other: Void = lab.buffer.store(lab.session(1))
      let leaving = schedule.spawner.spawn { await failure { try await lab.buffer.store(lab.session(2)) } }
      try await schedule.clock.sleep(for: .seconds(1))
      leaving.cancel()
      schedule.expect(await leaving.value == Failure(code: .cancelled, effect: .unknown), "it did not leave")
      schedule.expect(schedule.clock.now == start + .seconds(1), "it waited for the slow delegate")
      try await other
      schedule.expect(try await lab.stored(lab.session(2).id) != nil, "its write was torn out of the flush")
    }
  }

  @Test("failures of acknowledged writes are kept in bounded space: beyond it, writes are acknowledged when persisted")
  func boundedFailures() async {
    await explore(20) { schedule in
      let lab = try BufferLab(schedule, BufferConfiguration(maxBatch: 4, capacity: 4, queued: [.session])) { _, call in
        switch call {
        case .store, .storeContents: .lost(.timeout)
        default: nil
        }
      }
      var told = 0
      for number in 1...40 where await failure({ try await lab.buffer.store(lab.session(UInt64(number))) }) != nil {
        told += 1
      }
      schedule.expect(lab.buffer.unwritten().count <= 8, "\(lab.buffer.unwritten().count) failures are kept")
      schedule.expect(told > 30, "\(told) of 40 were told")
    }
  }
}
