import AuthCache
import AuthCacheConformance
import Testing

@Suite("Buffer: when a flush begins") struct FlushTriggerTests {
  @Test("a full batch is flushed at once, in one bulk call")
  func fullBatch() async {
    await explore(floor: 10) { schedule in
      let lab = try BufferLab(schedule, .patient(maxBatch: 4))
      let start = schedule.clock.now
      _ = try await schedule.clients(["1", "2", "3", "4"]) { try await lab.buffer.store(lab.session(UInt64($0)!)) }
      schedule.expect(schedule.clock.now == start, "it waited for the delay")
      schedule.expect(lab.probe.writes.count == 1, "\(lab.probe.writes.count) calls, not one")
      schedule.expect(lab.probe.sent.count == 4, "\(lab.probe.sent.count) records were sent")
      try await lab.buffer.close()
    }
  }

  @Test("an incomplete batch is flushed when maxDelay has passed since its first write")
  func delay() async {
    await explore(floor: 10) { schedule in
      let lab = try BufferLab(schedule, BufferConfiguration(maxBatch: 10, maxDelay: .milliseconds(50)))
      let start = schedule.clock.now
      try await schedule.together([
        "first": { try await lab.buffer.store(lab.session(1)) },
        "later": {
          try await schedule.clock.sleep(for: .milliseconds(30))
          try await lab.buffer.store(lab.session(2))
        },
      ])
      schedule.expect(schedule.clock.now == start + .milliseconds(50), "it was not flushed at the delay")
      schedule.expect(lab.probe.writes.count == 1, "\(lab.probe.writes.count) calls, not one")
      try await lab.buffer.close()
      schedule.expect(schedule.clock.now == start + .milliseconds(50), "closing took time")
    }
  }

  @Test("flush() writes what waits and returns when it is written")
  func flush() async {
    await explore { schedule in
      let lab = try BufferLab(schedule, .patient(queued: [.session]))
      for number in 1...3 { try await lab.buffer.store(lab.session(UInt64(number))) }
      schedule.expect(lab.probe.writes.isEmpty, "written before anybody asked")
      try await lab.buffer.flush()
      for number in 1...3 {
        schedule.expect(try await lab.stored(lab.session(UInt64(number)).id) != nil, "not written by flush()")
      }
      schedule.expect(lab.probe.writes.count == 1, "\(lab.probe.writes.count) calls, not one")
    }
  }

  @Test("close() writes what waits")
  func close() async {
    await explore { schedule in
      let lab = try BufferLab(schedule, .patient(queued: [.session]))
      let stored = Collected<[Record]>([])
      lab.probe.follow { _, call in
        if case .storeContents(let records) = call { stored.set(records) }
        return nil
      }
      for number in 1...3 { try await lab.buffer.store(lab.session(UInt64(number))) }
      try await lab.buffer.close()
      schedule.expect(stored.value.count == 3, "\(stored.value.count) records were written")
    }
  }

  @Test("untouched, a write waits for nothing, and those that come meanwhile form the next flush")
  func untouched() async {
    await explore(floor: 10) { schedule in
      let lab = try BufferLab(schedule)
      let start = schedule.clock.now
      let names = (1...6).map(String.init)
      _ = try await schedule.clients(names) { try await lab.buffer.store(lab.session(UInt64($0)!)) }
      schedule.expect(schedule.clock.now == start, "it waited")
      schedule.expect(lab.probe.writes.count <= 6, "more calls than records")
      try await lab.buffer.close()
    }
  }

  @Test("a slow delegate holds up later writes no longer than the buffer has patience")
  func patience() async {
    await explore(50) { schedule in
      let lab = try BufferLab(schedule) { _, call in
        if case .store(let record) = call, record.digest == RecordSamples.digest(1) {
          try? await schedule.clock.sleep(for: .seconds(5))
        }
        return nil
      }
      let start = schedule.clock.now
      try await schedule.together([
        "slow": { try await lab.buffer.store(lab.session(1)) },
        "others": {
          try await lab.othersWait()
          try await lab.buffer.store(lab.session(2))
          schedule.expect(schedule.clock.now <= start + .milliseconds(100), "held up by another key")
          _ = try await lab.buffer.load(lab.session(3).id)
          schedule.expect(schedule.clock.now <= start + .milliseconds(100), "a read was held up by another key")
        },
      ])
      try await lab.buffer.close()
    }
  }
}
