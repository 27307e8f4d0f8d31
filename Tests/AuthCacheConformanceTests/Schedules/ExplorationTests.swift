import AuthCache
import AuthCacheConformance
import Foundation
import Synchronization
import Testing

@Suite struct ExplorationTests {
  @Test func `A consume made of a load and a remove is found, with one switch, and printed as what the clients did`()
    async throws
  {
    let result = await Exploration(seed: 1).run { schedule in
      let backend = ReferenceBackend(clock: schedule.clock).interleaved()
      try await Self.consumeTwice(InterceptedBackend(backend, by: ConsumeInTwoCalls()), schedule)
    }
    let failing = try #require(result.failing)
    #expect(failing.flaw == .findings(["two clients redeemed one code"]))
    #expect(failing.trace.switches.count == 1)
    let lines = failing.steps.map(\.description)
    #expect(lines.contains("A: load code 1 got r1"), "\(failing)")
    #expect(lines.contains("B: load code 1 got r1"), "\(failing)")
    #expect(throws: ExplorationFailure.self) { try result.check() }
  }

  @Test func `An atomic consume passes in every schedule there is`() async throws {
    let result = await Exploration(seed: 1, floor: 10).run { schedule in
      try await Self.consumeTwice(ReferenceBackend(clock: schedule.clock).interleaved(), schedule)
    }
    try result.check()
    #expect(result.isExhaustive, "\(result)")
  }

  @Test func `A failing schedule replays from its text and its seed, step by step`() async throws {
    let scenario: @Sendable (Schedule) async throws -> Void = { schedule in
      let backend = ReferenceBackend(clock: schedule.clock).interleaved()
      try await Self.consumeTwice(InterceptedBackend(backend, by: ConsumeInTwoCalls()), schedule)
    }
    let exploration = Exploration(seed: 5)
    let failing = try #require(await exploration.run(scenario).failing)
    let trace = try #require(ScheduleTrace(failing.trace.description))
    let replayed = try #require(await exploration.replay(trace, scenario).failing)
    #expect(replayed.flaw == failing.flaw)
    #expect(replayed.steps == failing.steps)
    #expect(await exploration.replay(.straight, scenario).failing == nil)
  }

  @Test func `The same seed runs the same schedules`() async throws {
    func order(_ seed: UInt64) async -> [String] {
      let orders = Mutex<[String]>([])
      _ = await Exploration(seed: seed, schedules: 60).run { schedule in
        let order = Mutex("")
        _ = try await schedule.clients(["a", "b", "c", "d"]) { name in
          for _ in 0..<3 {
            await schedule.point()
            order.withLock { $0 += name }
          }
        }
        let text = order.withLock { $0 }
        orders.withLock { $0.append(text) }
      }
      return orders.withLock { $0 }
    }
    let first = await order(7)
    #expect(first.count == 60)
    #expect(await order(7) == first)
    #expect(await order(8) != first)
  }

  @Test func `A flaw deep in the schedule is found, and no switch of the shrunk one can be left out`() async throws {
    let scenario: @Sendable (Schedule) async throws -> Void = { schedule in
      let order = Mutex("")
      _ = try await schedule.clients(["a", "b", "c"]) { name in
        for _ in 0..<4 {
          await schedule.point()
          order.withLock { $0 += name }
        }
      }
      schedule.expect(!order.withLock { $0 }.contains("abcabca"), "the rare order")
    }
    let exploration = Exploration(seed: 3, schedules: 4_000)
    let result = await exploration.run(scenario)
    let failing = try #require(result.failing, "\(result)")
    #expect(failing.number > 100, "the order is not rare")
    for index in failing.trace.switches.indices {
      var fewer = failing.trace.switches
      fewer.remove(at: index)
      #expect(await exploration.replay(ScheduleTrace(fewer), scenario).failing == nil)
    }
  }

  @Test func `A stuck schedule is a deadlock and not a hang`() async throws {
    let result = await Exploration(seed: 1).run { schedule in
      let first = Latch()
      let second = Latch()
      try await schedule.together([
        "A": {
          try await first.wait()
          second.open()
        },
        "B": {
          try await second.wait()
          first.open()
        },
      ])
    }
    #expect(result.failing?.flaw == .deadlock)
  }

  @Test func `A schedule without an end is cut off and reported`() async throws {
    let result = await Exploration(seed: 1, maxSteps: 500).run { schedule in
      while !Task.isCancelled { await schedule.point() }
    }
    #expect(result.failing?.flaw == .endless(steps: 500))
  }

  @Test func `Work that runs on another executor fails the exploration`() async throws {
    // A thread of its own stands for the other executor. It is started once the one it wakes has been suspended.
    let result = await Exploration(seed: 1).run { schedule in
      let waiting = Mutex<CheckedContinuation<Void, Never>?>(nil)
      let isWaiting = Latch()
      try await schedule.together([
        "A": {
          await withCheckedContinuation { continuation in
            waiting.withLock { $0 = continuation }
            isWaiting.open()
          }
        },
        "B": {
          try await isWaiting.wait()
          let continuation = waiting.withLock { $0 }
          Thread.detachNewThread { continuation?.resume() }
        },
      ])
    }
    #expect(result.failing?.flaw == .escaped)
  }

  @Test func `Too few distinct schedules show nothing, and that fails`() async throws {
    let result = await Exploration(seed: 1, floor: 3).run { schedule in
      _ = try await ReferenceBackend(clock: schedule.clock).insert(Sample.code(at: schedule.clock.now))
    }
    #expect(result.failing == nil)
    #expect(!result.isPassed)
    #expect(throws: ExplorationFailure.self) { try result.check() }
  }

  @Test func `A task started through the spawner stays on the schedule`() async throws {
    let result = await Exploration(seed: 1, floor: 2).run { schedule in
      let done = Mutex(false)
      let task = schedule.spawner.spawn {
        await schedule.point()
        done.withLock { $0 = true }
      }
      await schedule.point()
      await schedule.point()
      await task.value
      schedule.expect(done.withLock { $0 }, "the spawned task did not run")
    }
    try result.check()
  }

  @Test func `Time passes only when nothing else can go on`() async throws {
    let result = await Exploration(seed: 1, floor: 2).run { schedule in
      let start = schedule.clock.now
      try await schedule.together([
        "sleeper": { try await schedule.clock.sleep(for: .seconds(3_600)) },
        "worker": {
          for _ in 0..<3 { await schedule.point() }
          schedule.expect(schedule.clock.now == start, "time passed while somebody worked")
        },
      ])
      schedule.expect(schedule.clock.now == start + .seconds(3_600), "the sleeper woke early")
    }
    try result.check()
  }

  @Test func `A scenario that depends on more than its schedule is called unsteady`() async throws {
    let calls = Mutex(0)
    let result = await Exploration(seed: 1).run { schedule in
      let call = calls.withLock { calls in
        calls += 1
        return calls
      }
      schedule.expect(call != 1, "only the first time")
    }
    guard case .unsteady = result.failing?.flaw else {
      Issue.record("\(result)")
      return
    }
  }

  @Test func `Ten thousand interleavings of a load against a remove take well below a second`() async throws {
    let clock = ContinuousClock()
    var result: ExplorationResult?
    let elapsed = await clock.measure {
      result = await Exploration(seed: 1, floor: 10).run { schedule in
        let backend = ReferenceBackend(clock: schedule.clock).interleaved()
        let code = Sample.code(at: schedule.clock.now)
        try await backend.store(code)
        try await schedule.together([
          "reader": { for _ in 0..<4 { _ = try await backend.load(code.id) } },
          "remover": { for _ in 0..<4 { _ = try await backend.remove(code.id) } },
          "writer": { for _ in 0..<4 { _ = try await backend.store(code) } },
        ])
      }
    }
    print("schedules:", result?.description ?? "", elapsed)
    try result?.check()
    #expect(result?.run == 10_000)
  }

  private static func consumeTwice(_ backend: any AuthCacheBackend, _ schedule: Schedule) async throws {
    let code = Sample.code(at: schedule.clock.now)
    try await backend.store(code)
    let found = try await schedule.clients(["A", "B"]) { _ in try await backend.consume(code.id) }
    schedule.expect(found.compactMap { $0 }.count == 1, "two clients redeemed one code")
  }
}

/// Opens once; who waits before goes on then, or throws when it is cancelled.
private final class Latch: Sendable {
  private let stream = AsyncStream<Void>.makeStream()
  func open() { stream.continuation.finish() }
  func wait() async throws {
    for await _ in stream.stream {}
    try Task.checkCancellation()
  }
}
