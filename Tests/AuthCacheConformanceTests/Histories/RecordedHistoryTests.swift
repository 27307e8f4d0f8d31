import AuthCache
import AuthCacheConformance
import Foundation
import Synchronization
import Testing

@Suite struct RecordedHistoryTests {
  @Test("sixteen clients on one memory backend are linearizable, and the checker is fast")
  func sixteenClientsOnOneMemory() async throws {
    let clock = VirtualClock()
    let recorder = HistoryRecorder(clock: clock)
    let backend = MemoryBackend(clock: clock).intercepted(by: Hesitating())
    await Workload(seed: 1, keys: 4, operations: 1_000).run(on: [backend], recorder: recorder, clock: clock)
    let history = recorder.history
    try history.check().requireLinearizable(overlapping: 1_000)
  }

  @Test("a consume made of a load and a remove is found in a recorded history")
  func aConsumeMadeOfA() async throws {
    let clock = VirtualClock()
    let recorder = HistoryRecorder(clock: clock)
    let base = MemoryBackend(clock: clock).intercepted(by: Hesitating()).intercepted(by: ConsumeInTwoCalls())
    await Workload(seed: 1, keys: 2, operations: 400).run(on: [base], recorder: recorder, clock: clock)
    let verdict = recorder.history.check()
    let witness = try #require(verdict.witnesses.first, "\(verdict)")
    // How few are left depends on how many overlapped: they are taken out as long as the search is quick.
    #expect(witness.operations.count <= 60 && recorder.history.operations.count > 600, "\(witness)")
  }

  @Test("clients that are told of failures with unknown effect are judged with that in mind")
  func clientsThatAreToldOf() async throws {
    let clock = VirtualClock()
    let recorder = HistoryRecorder(clock: clock)
    let base = MemoryBackend(clock: clock).intercepted(by: Hesitating()).intercepted(by: SometimesUnknown())
    await Workload(seed: 3, keys: 16, operations: 60).run(on: [base], recorder: recorder, clock: clock)
    let verdict = recorder.history.check()
    #expect(recorder.history.operations.contains { $0.answer == .unknown })
    try verdict.requireLinearizable()
  }

  @Test("a history that crosses a pipe as JSON is the same history")
  func aHistoryThatCrossesA() async throws {
    let clock = VirtualClock()
    let events = Mutex<[HistoryEvent]>([])
    let recorder = HistoryRecorder(process: 7, clock: clock) { event in events.withLock { $0.append(event) } }
    let backend = MemoryBackend(clock: clock)
    await Workload(seed: 2, keys: 2, operations: 20, clients: 4).run(on: [backend], recorder: recorder, clock: clock)
    let history = recorder.history
    let decoded = try JSONDecoder().decode(History.self, from: JSONEncoder().encode(history))
    #expect(decoded == history)
    let lines = try events.withLock { $0 }.map { try JSONEncoder().encode($0) }
    let rebuilt = History(events: try lines.map { try JSONDecoder().decode(HistoryEvent.self, from: $0) })
    #expect(Set(rebuilt.operations) == Set(history.operations))
    let torn = History(events: events.withLock { $0.dropLast() })
    #expect(torn.operations.count { $0.answer == .unknown } == 1)
  }

  @Test("revoking a group is seen for every record of it, and lookups by alias are judged with their record")
  func revokingAGroupIsSeen()
    async throws
  {
    let clock = VirtualClock()
    let recorder = HistoryRecorder(clock: clock)
    let memory = MemoryBackend(clock: clock)
    let backend = recorder.recording(memory, as: "A")
    let session = Record(
      kind: .session, digest: Sample.digest(1), revision: 1, createdAt: clock.now, expiresAt: clock.now + .seconds(9),
      aliases: Aliases(accessToken: Sample.digest(2)), groups: Groups(grant: Sample.digest(3)), payload: .empty)
    try await backend.store(session)
    #expect(try await backend.load(.accessToken(Sample.digest(2))) == session)
    #expect(try await backend.removeAll(in: .grant(Sample.digest(3))) == 1)
    #expect(try await backend.load(.accessToken(Sample.digest(2))) == nil)
    #expect(recorder.history.check().isLinearizable)

    try await memory.store(session)
    #expect(try await backend.load(.accessToken(Sample.digest(2))) == session)
    #expect(!recorder.history.check().isLinearizable)
  }

  @Test("two live sessions under one token are never explained")
  func twoLiveSessionsUnderOne() async throws {
    let clock = VirtualClock()
    let recorder = HistoryRecorder(clock: clock)
    let backend = recorder.recording(WithoutConflicts(), as: "A")
    for number in 1...2 as ClosedRange<UInt64> {
      try await backend.store(
        Record(
          kind: .session, digest: Sample.digest(number), revision: number, createdAt: clock.now,
          expiresAt: clock.now + .seconds(9), aliases: Aliases(accessToken: Sample.digest(9)), payload: .empty))
    }
    #expect(!recorder.history.check().isLinearizable)
  }
}

/// Lets others go first, so that operations overlap even where a backend never suspends.
struct Hesitating: BackendInterceptor {
  func intercept(_ call: BackendCall, proceed: BackendProceed) async throws(AuthCacheError) -> BackendAnswer {
    await Task.yield()
    let answer = try await proceed(call)
    await Task.yield()
    return answer
  }
}

/// Every twentieth call fails; half of those were applied.
private final class SometimesUnknown: BackendInterceptor {
  private let calls = Mutex(0)

  func intercept(_ call: BackendCall, proceed: BackendProceed) async throws(AuthCacheError) -> BackendAnswer {
    let number = calls.withLock { calls in
      calls += 1
      return calls
    }
    guard number.isMultiple(of: 20) else { return try await proceed(call) }
    if number.isMultiple(of: 40) { _ = try await proceed(call) }
    throw AuthCacheError(.timeout, effect: .unknown, operation: call.operation, "no answer in time")
  }
}

/// Takes everything.
private struct WithoutConflicts: ForwardingBackend {
  let delegate = MemoryBackend()

  func store(_ record: Record) async throws(AuthCacheError) {}
}
