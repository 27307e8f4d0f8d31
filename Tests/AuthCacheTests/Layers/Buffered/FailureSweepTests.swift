import AuthCache
import AuthCacheConformance
import Testing

/// Each call of the delegate fails in turn, and exactly those are told who wait for what it was to do.
@Suite("Buffer: whoever waits for the call that fails, and nobody else") struct FailureSweepTests {
  /// Who works on a buffer that acknowledges clients at once.
  private enum Caller: String, CaseIterable {
    case storesFour, storesFive, removesSix, readsOne, readsFour, readsSeven
  }

  /// What the failing call was about.
  private struct Hit: Sendable {
    var written: Set<Lookup> = []
    var read: Lookup?
  }

  @Test("in bulk and singly, refused, lost and doubtful", arguments: [true, false])
  func sweep(hasBulk: Bool) async {
    for fault in [DelegateProbe.Fault.refused(.unavailable), .lost(.timeout), .doubtful(.timeout)] {
      let (calls, failing) = (Collected(0), Collected(0))
      repeat {
        failing.change { $0 += 1 }
        await explore(20) { schedule in
          calls.set(try await Self.run(schedule, hasBulk: hasBulk, failing: failing.value, fault))
        }
      } while failing.value <= calls.value && failing.value < 40
      // Two reads that wait, one that does not, and what they flush; then the rest, in one unit of each sort or singly.
      #expect(failing.value > (hasBulk ? 7 : 8), "only \(failing.value) calls were made")
    }
  }

  /// - Returns: how many calls there were that might have failed.
  private static func run(
    _ schedule: Schedule, hasBulk: Bool, failing: Int, _ fault: DelegateProbe.Fault
  ) async throws -> Int {
    let hit = Collected(Hit())
    let calls = Collected(0)
    let probe = DelegateProbe { number, call in
      // Everybody has come by then.
      try? await schedule.clock.sleep(for: .milliseconds(1))
      if case .close = call { return nil }
      calls.change { $0 = max($0, number) }
      guard number == failing else { return nil }
      switch call {
      case .store(let record): hit.set(Hit(written: [record.id]))
      case .storeContents(let records): hit.set(Hit(written: Set(records.map(\.id))))
      case .remove(let lookup): hit.set(Hit(written: [lookup]))
      case .removeContents(let lookups): hit.set(Hit(written: Set(lookups)))
      case .load(let lookup): hit.set(Hit(read: lookup))
      default: break
      }
      return fault
    }
    let bottom = ReferenceBackend(clock: schedule.clock)
    let delegate = InterceptedBackend(bottom, by: probe)
    let configuration = BufferConfiguration(maxBatch: 8, maxDelay: .milliseconds(5), queued: [.client])
    let buffer: any BufferingBackend =
      hasBulk
      ? try BufferedBackend(
        over: delegate, configuration: configuration, clock: schedule.clock, spawner: schedule.spawner)
      : try BufferedBackend(
        over: NarrowBackend(delegate: delegate), configuration: configuration, clock: schedule.clock,
        spawner: schedule.spawner)
    @Sendable func client(_ number: UInt64) -> Record { RecordSamples.record(number, kind: .client, expiresAt: nil) }
    @Sendable func session(_ number: UInt64) -> Record { RecordSamples.record(number, expiresAt: nil) }
    try await bottom.store(session(6))
    try await bottom.store(session(7))
    for number in 1...3 as ClosedRange<UInt64> { try await buffer.store(client(number)) }

    let told = Collected<[Caller: Failure]>([:])
    @Sendable func note(_ caller: Caller, _ body: () async throws -> Void) async {
      if let failure = await failure(body) { told.change { $0[caller] = failure } }
    }
    try await schedule.together([
      "four": { await note(.storesFour) { try await buffer.store(session(4)) } },
      "five": { await note(.storesFive) { try await buffer.store(session(5)) } },
      "six": { await note(.removesSix) { _ = try await buffer.remove(session(6).id) } },
      "reader of one": {
        try await schedule.clock.sleep(for: .milliseconds(1))
        await note(.readsOne) { _ = try await buffer.load(client(1).id) }
      },
      "reader of four": {
        try await schedule.clock.sleep(for: .milliseconds(1))
        await note(.readsFour) { _ = try await buffer.load(session(4).id) }
      },
      "reader of seven": {
        try await schedule.clock.sleep(for: .milliseconds(1))
        await note(.readsSeven) { _ = try await buffer.load(session(7).id) }
      },
    ])
    // What still waits goes out.
    try await schedule.clock.sleep(for: .seconds(1))
    let made = calls.value
    probe.follow(nil)

    let isCertain = if case .refused = fault { true } else { false }
    let lost = isCertain ? [] : hit.value.written
    var expected: [Caller: Failure] = [:]
    let direct = Failure(code: .timeout, effect: .unknown)
    // The write before a read failed, and the read has had no effect.
    let indirect = Failure(code: .timeout, effect: .none)
    for (caller, id) in [
      (Caller.storesFour, session(4).id), (.storesFive, session(5).id), (.removesSix, session(6).id),
    ] where lost.contains(id) { expected[caller] = direct }
    for (caller, id) in [
      (Caller.readsOne, client(1).id), (.readsFour, session(4).id), (.readsSeven, session(7).id),
    ] {
      if lost.contains(id) { expected[caller] = indirect }
      if hit.value.read == id { expected[caller] = isCertain ? Failure(code: .unavailable, effect: .none) : direct }
    }
    schedule.expect(told.value == expected, "call \(failing): told are \(told.value), waiting were \(expected)")

    // Who counts on what nobody waited for is told by the next call, once.
    let unheard = lost.filter { $0.kind == .client && $0 != client(1).id }
    let next = await failure { _ = try await buffer.load(session(7).id) }
    schedule.expect(
      next == (unheard.isEmpty ? nil : indirect), "call \(failing): the next caller is told \(next as Any)")
    schedule.expect(await failure { _ = try await buffer.load(session(7).id) } == nil, "told twice")
    let left = lost.filter { $0.kind == .client }
    schedule.expect(Set(buffer.unwritten().map(\.record.id)) == left, "call \(failing): unwritten is something else")
    for id in (1...3).map({ client($0).id }) + [session(4).id, session(5).id] where !lost.contains(id) {
      schedule.expect(try await bottom.load(id) != nil, "call \(failing): acknowledged and not there")
    }
    do throws(AuthCacheError) {
      try await buffer.close()
      schedule.expect(left.isEmpty, "call \(failing): close() said nothing")
    } catch {
      schedule.expect(error.code == .drainIncomplete && error.unwritten == [.client: left.count], "\(error)")
    }
    return made
  }
}
