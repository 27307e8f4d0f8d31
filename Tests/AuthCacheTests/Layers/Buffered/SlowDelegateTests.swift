import AuthCache
import AuthCacheConformance
import Testing

/// How far a delegate that is slow for some records holds up the others.
@Suite("Buffer: slow records") struct SlowDelegateTests {
  private static let slowness = Duration.seconds(5)

  /// Slow for every record whose number is below 100.
  private static func script(_ schedule: Schedule, _ slow: Set<RecordDigest>) -> DelegateProbe.Script {
    { _, call in
      let isSlow =
        switch call {
        case .store(let record): slow.contains(record.digest)
        case .storeContents(let records): records.contains { slow.contains($0.digest) }
        default: false
        }
      if isSlow { try? await schedule.clock.sleep(for: slowness) }
      return nil
    }
  }

  private static func time(of lab: BufferLab, _ body: () async throws -> Void) async rethrows -> Duration {
    let start = lab.schedule.clock.now
    try await body()
    return start.duration(to: lab.schedule.clock.now)
  }

  @Test("a slow record inside a bulk call holds up its own call, and what comes later for the buffer's patience")
  func insideABatch() async {
    await explore(200, floor: 2) { schedule in
      let lab = try BufferLab(
        schedule, BufferConfiguration(maxBatch: 4, maxDelay: .milliseconds(5)),
        script: Self.script(schedule, [RecordSamples.digest(1)]))
      try await schedule.together([
        "batch": {
          _ = try await schedule.clients(["1", "2", "3", "4"]) { name in
            let took = try await Self.time(of: lab) { try await lab.buffer.store(lab.session(UInt64(name) ?? 0)) }
            // Those of one call wait for each other.
            schedule.expect(took <= Self.slowness + .milliseconds(5), "a record of the slow call waited \(took)")
          }
        },
        "later": {
          try await schedule.clock.sleep(for: .milliseconds(10))
          let took = try await Self.time(of: lab) { try await lab.buffer.store(lab.session(200)) }
          schedule.expect(took <= .milliseconds(105), "a later record waited \(took)")
          let reading = try await Self.time(of: lab) { _ = try await lab.buffer.load(lab.session(200).id) }
          schedule.expect(reading == .zero, "a read waited \(reading)")
        },
      ])
      try await lab.buffer.close()
    }
  }

  @Test("seven slow calls leave the eighth flush to the others; more of them hold everything up until one has ended")
  func many() async {
    for (count, bound) in [(7, Duration.seconds(1)), (8, Self.slowness)] {
      await explore(50, floor: 1) { schedule in
        let slow = (1...count).map { RecordSamples.digest(UInt64($0)) }
        let lab = try BufferLab(
          schedule, BufferConfiguration(maxBatch: 1), script: Self.script(schedule, Set(slow)))
        try await schedule.together([
          "slow": {
            _ = try await schedule.clients((1...count).map(String.init)) { name in
              try await lab.buffer.store(lab.session(UInt64(name) ?? 0))
            }
          },
          "other": {
            try await lab.othersWait()
            let took = try await Self.time(of: lab) { try await lab.buffer.store(lab.session(200)) }
            schedule.expect(took <= bound, "beside \(count) slow calls another record waited \(took)")
            if count == 8 { schedule.expect(took > .seconds(1), "the bound that is written down is not the true one") }
          },
        ])
        try await lab.buffer.close()
      }
    }
  }
}
