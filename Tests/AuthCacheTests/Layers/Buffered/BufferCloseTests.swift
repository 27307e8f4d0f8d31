import AuthCache
import AuthCacheConformance
import Synchronization
import Testing

@Suite("Buffer: closing") struct BufferCloseTests {
  @Test("closing while tasks write: each write is persisted, or its caller was told otherwise")
  func whileWriting() async {
    for queued in [[], [.session]] as [Set<RecordKind>] {
      await explore(10_000, floor: 100) { schedule in
        let lab = try BufferLab(
          schedule, BufferConfiguration(maxBatch: 2, maxDelay: .milliseconds(1), capacity: 3, queued: queued))
        let written = Collected<Set<Lookup>>([])
        lab.probe.follow { _, call in
          written.change { written in
            if case .store(let record) = call { written.insert(record.id) }
            if case .storeContents(let records) = call { written.formUnion(records.map(\.id)) }
          }
          return nil
        }
        let acknowledged = Collected<Set<Lookup>>([])
        let refused = Collected<Set<Lookup>>([])
        try await schedule.together([
          "A": { await Self.write(lab, 10..<14, acknowledged, refused) },
          "B": { await Self.write(lab, 20..<24, acknowledged, refused) },
          "closer": { try await lab.buffer.close() },
        ])
        schedule.expect(acknowledged.value.count + refused.value.count == 8, "a write without an end")
        schedule.expect(acknowledged.value == written.value, "what was told is not what was written")
      }
    }
  }

  private static func write(
    _ lab: BufferLab, _ numbers: Range<UInt64>, _ acknowledged: Collected<Set<Lookup>>,
    _ refused: Collected<Set<Lookup>>
  ) async {
    for number in numbers {
      let record = lab.session(number)
      switch await failure({ try await lab.buffer.store(record) }) {
      case nil: acknowledged.change { $0.insert(record.id) }
      case Failure(code: .closed, effect: .none): refused.change { $0.insert(record.id) }
      case let other?: lab.schedule.fail("told \(other)")
      }
    }
  }

  @Test("after close every operation throws closed, and a repeated close answers as the first")
  func closed() async {
    await explore(floor: 2) { schedule in
      let lab = try BufferLab(schedule)
      _ = try await schedule.clients(["A", "B"]) { _ in try await lab.buffer.close() }
      try await lab.buffer.close()
      let record = lab.session(1)
      let calls: [(String, () async throws -> Void)] = [
        ("store", { try await lab.buffer.store(record) }),
        ("load", { _ = try await lab.buffer.load(record.id) }),
        ("remove", { _ = try await lab.buffer.remove(record.id) }),
        ("consume", { _ = try await lab.buffer.consume(record.id) }),
        ("insert", { _ = try await lab.buffer.insert(record) }),
        ("replace", { _ = try await lab.buffer.replace(record, with: record) }),
        ("extend", { _ = try await lab.buffer.extend(record.id, to: .distantFuture) }),
        ("removeExpired", { _ = try await lab.buffer.removeExpired(through: schedule.clock.now, limit: 1) }),
        ("flush", { try await lab.buffer.flush() }),
        ("bulk", { try await lab.buffer.store(contentsOf: []) }),
        ("groups", { _ = try await lab.buffer.removeAll(in: .subject(record.digest)) }),
        ("listing", { _ = try await lab.buffer.records(of: .session, after: nil, limit: 1) }),
      ]
      for (name, call) in calls {
        schedule.expect(await failure(call)?.code == .closed, "\(name) does not throw closed")
      }
      schedule.expect(lab.probe.calls.count { if case .close = $0 { true } else { false } } == 1, "closed twice")
    }
  }

  @Test("a drain that reaches its deadline names what is left, tells who waits, and closes the delegate")
  func deadline() async {
    await explore(50, floor: 2) { schedule in
      let lab = try BufferLab(
        schedule,
        BufferConfiguration(maxBatch: 2, capacity: 50, queued: [.client], drainDeadline: .seconds(10))
      ) { _, call in
        switch call {
        case .store, .storeContents:
          do { try await schedule.clock.sleep(for: .seconds(3_600)) } catch { return .lost(.cancelled) }
          return nil
        default: return nil
        }
      }
      let start = schedule.clock.now
      let outcomes = Collected<[Failure?]>([])
      try await schedule.together([
        "clients": {
          for number in 20...25 {
            try await lab.buffer.store(
              RecordSamples.record(UInt64(number), kind: .client, expiresAt: nil))
          }
        },
        "A": { await Self.storing(lab, 1, outcomes) }, "B": { await Self.storing(lab, 2, outcomes) },
        "C": { await Self.storing(lab, 3, outcomes) },
        "closer": {
          try await lab.othersWait()
          do {
            try await lab.buffer.close()
            schedule.fail("close() said nothing")
          } catch let error as AuthCacheError {
            schedule.expect(error.code == .drainIncomplete, "\(error)")
            schedule.expect(error.unwritten == [.client: 6, .session: 3], "\(error.unwritten)")
          }
        },
      ])
      schedule.expect(schedule.clock.now <= start + .seconds(12), "the deadline was not kept")
      schedule.expect(outcomes.value.count == 3 && !outcomes.value.contains(nil), "a waiting caller was not told")
      schedule.expect(lab.buffer.unwritten().count == 6, "\(lab.buffer.unwritten().count) are named")
      let isClosed = await failure { _ = try await lab.bottom.load(lab.session(1).id) }
      schedule.expect(isClosed?.code == .closed, "the delegate was not closed")
    }
  }

  private static func storing(_ lab: BufferLab, _ number: UInt64, _ outcomes: Collected<[Failure?]>) async {
    let outcome = await failure { try await lab.buffer.store(lab.session(number)) }
    outcomes.change { $0.append(outcome) }
  }

  @Test("a cancelled caller's close drains all the same")
  func cancelled() async {
    await explore(floor: 2) { schedule in
      let lab = try BufferLab(schedule, .patient(queued: [.session]))
      for number in 1...3 { try await lab.buffer.store(lab.session(UInt64(number))) }
      let closing = schedule.spawner.spawn { await failure { try await lab.buffer.close() } }
      closing.cancel()
      schedule.expect(await closing.value == nil, "close() failed")
      schedule.expect(lab.buffer.counts.written == 3, "\(lab.buffer.counts.written) of 3 were written")
    }
  }

  @Test("the delegate is closed even if its close fails, and that failure is what close() throws")
  func delegateFails() async {
    await explore { schedule in
      let lab = try BufferLab(schedule) { _, call in
        if case .close = call { return .refused(.unavailable) }
        return nil
      }
      let told = await failure { try await lab.buffer.close() }
      schedule.expect(told?.code == .unavailable, "\(told, default: "nothing")")
      schedule.expect(await failure { try await lab.buffer.close() } == told, "the second answer differs")
    }
  }

  @Test("no task outlives close(), whether it slept, flushed or waited")
  func tasks() async throws {
    await explore(10_000, floor: 20) { schedule in
      let spawner = CountingSpawner(schedule.spawner)
      let buffer = try BufferedBackend(
        over: ReferenceBackend(clock: schedule.clock).interleaved(),
        configuration: BufferConfiguration(maxBatch: 2, maxDelay: .seconds(60), queued: [.session]),
        clock: schedule.clock, spawner: spawner)
      let session = RecordSamples.record(1, expiresAt: nil)
      try await schedule.together([
        "writer": { _ = await failure { try await buffer.store(session) } },
        "reader": { _ = await failure { _ = try await buffer.load(session.id) } },
        "closer": {
          try await buffer.close()
          schedule.expect(spawner.running == 0, "\(spawner.running) tasks outlive the close")
        },
      ])
      schedule.expect(schedule.clock.sleeperCount == 0, "somebody still sleeps")
    }
  }

  @Test("a thousand tasks write over real threads while the buffer closes: every write has one true end")
  func thousand() async throws {
    let bottom = MemoryBackend()
    let keeping = DelegateProbe()
    let spawner = CountingSpawner(.unstructured)
    let buffer = try BufferedBackend(
      over: InterceptedBackend(bottom, by: keeping),
      configuration: BufferConfiguration(maxBatch: 16, capacity: 64, queued: [.client]), spawner: spawner)
    let acknowledged = Collected<[Lookup]>([])
    let refused = Collected(0)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<1_000 as Range<UInt64> {
        group.addTask {
          let record = RecordSamples.record(
            number, kind: number.isMultiple(of: 2) ? .client : .session, expiresAt: nil)
          switch await failure({ try await buffer.store(record) }) {
          case nil: acknowledged.change { $0.append(record.id) }
          case Failure(code: .closed, effect: .none): refused.change { $0 += 1 }
          case let other?: Issue.record("told \(other)")
          }
        }
        if number == 500 { group.addTask { try await buffer.close() } }
      }
      try await group.waitForAll()
    }
    #expect(spawner.running == 0)
    #expect(acknowledged.value.count + refused.value == 1_000)
    #expect(Set(acknowledged.value) == Set(keeping.sent.keys))
    #expect(buffer.unwritten().isEmpty)
    print("closing:", acknowledged.value.count, "persisted,", refused.value, "told")
  }
}

/// Counts the tasks that were started and have not ended.
final class CountingSpawner: TaskSpawner {
  private let spawner: any TaskSpawner
  private let count = Atomic(0)

  init(_ spawner: any TaskSpawner) { self.spawner = spawner }

  var running: Int { count.load(ordering: .sequentiallyConsistent) }

  func spawn<Success: Sendable>(_ work: @escaping @Sendable () async -> Success) -> Task<Success, Never> {
    count.add(1, ordering: .sequentiallyConsistent)
    return spawner.spawn { [self] in
      let result = await work()
      count.subtract(1, ordering: .sequentiallyConsistent)
      return result
    }
  }
}
