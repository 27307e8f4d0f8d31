import AuthCache
import AuthCacheConformance
import Testing

/// Random programs of one caller: behind a buffer every answer is that of the model, however long writes wait.
@Suite("Buffer: random programs") struct BufferProgramTests {
  @Test("a buffer that acknowledges what is persisted answers as the model", arguments: 0..<12 as Range<UInt64>)
  func persisted(seed: UInt64) async {
    await explore(1) { schedule in
      try await Self.run(BufferLab(schedule), BufferProgram(seed: seed, clock: schedule.clock), isQueued: false)
    }
  }

  @Test("a buffer that acknowledges at once answers as the model", arguments: 0..<60 as Range<UInt64>)
  func queued(seed: UInt64) async {
    await explore(1) { schedule in
      let lab = try BufferLab(schedule, .patient(maxBatch: 7, capacity: 9, queued: [.session]))
      // Each record changes between tokens of its own: no two pass one between them.
      var program = BufferProgram(seed: seed, clock: schedule.clock)
      program.sharesTokens = false
      try await Self.run(lab, program, isQueued: true)
    }
  }

  private static func run(_ lab: BufferLab, _ program: BufferProgram, isQueued: Bool) async throws {
    let schedule = lab.schedule
    var model = ReferenceModel()
    var program = program
    for step in 0..<300 {
      let call = program.next()
      let expected = answer { () throws(AuthCacheError) in try model.perform(call, at: schedule.clock.now) }
      let found = await answer { () async throws(AuthCacheError) in try await lab.buffer.perform(call) }
      schedule.expect(found == expected, "step \(step), \(call.operation): \(found), expected \(expected)")
      if step % 5 == 0, !isQueued || program.looks {
        for lookup in program.lookups {
          schedule.expect(
            try await lab.buffer.load(lookup) == model.live(lookup, at: schedule.clock.now),
            "after step \(step), \(call.operation): \(lookup)")
        }
      }
    }
    try await lab.buffer.flush()
    for lookup in program.lookups {
      schedule.expect(
        try await lab.stored(lookup) == model.live(lookup, at: schedule.clock.now), "\(lookup) differs at the end")
    }
    schedule.expect(lab.buffer.unwritten().isEmpty, "something is unwritten")
    try await lab.buffer.close()
  }

  private enum Answer: Equatable {
    case answer(BackendAnswer)
    case error(AuthCacheError.Code)
  }

  private static func answer(_ body: () throws(AuthCacheError) -> BackendAnswer) -> Answer {
    do { return .answer(try body()) } catch { return .error(error.code) }
  }

  private static func answer(_ body: () async throws(AuthCacheError) -> BackendAnswer) async -> Answer {
    do { return .answer(try await body()) } catch { return .error(error.code) }
  }
}

struct BufferProgram {
  private var random: SeededGenerator
  private let clock: VirtualClock
  /// Whether two records may carry the same token.
  var sharesTokens = true
  /// Whether everything is looked at now and then, which flushes it.
  let looks: Bool

  init(seed: UInt64, clock: VirtualClock) {
    random = SeededGenerator(seed: seed)
    looks = seed.isMultiple(of: 2)
    self.clock = clock
  }

  /// Everything that a record of this program can be found by.
  var lookups: [Lookup] {
    (0..<5).map { .id(.session, RecordSamples.digest($0)) }
      + (0..<5).flatMap { number in
        tokens(of: number).flatMap { token in
          [.accessToken(RecordSamples.digest(token)), .refreshToken(RecordSamples.digest(token))]
        }
      }
  }

  /// The tokens that record `number` may carry.
  private func tokens(of number: UInt64) -> [UInt64] { sharesTokens ? [0, 1, 2, 3, 4] : [20 + number, 30 + number] }

  mutating func next() -> BackendCall {
    if random.chance(6) { clock.advance(by: .milliseconds(random.below(4))) }
    switch random.below(18) {
    case 0...6: return .store(record())
    case 7: return .insert(record())
    case 8: return .load(lookup())
    case 9: return .consume(lookup())
    case 10:
      let next = record()
      return .replace(next.replacing(revision: UInt64(random.below(3))), with: next)
    case 11: return .extend(lookup(), to: instant())
    case 12, 13: return .remove(lookup())
    case 14: return .storeContents((0..<random.below(4)).map { _ in record() })
    case 15: return .removeContents((0..<random.below(3)).map { _ in lookup() })
    case 16: return .removeAll(.subject(RecordSamples.digest(UInt64(random.below(2)))))
    default: return .loadContents((0..<random.below(3)).map { _ in lookup() })
    }
  }

  private mutating func lookup() -> Lookup { lookups[random.below(lookups.count)] }

  /// In the past, or so late that it outlasts the days that removals wait for company.
  private mutating func instant() -> Timestamp {
    clock.now + (random.chance(8) ? .milliseconds(-1) : .seconds(86_400 * 1_000 + random.below(9)))
  }

  private mutating func record() -> Record {
    let number = UInt64(random.below(5))
    let tokens = tokens(of: number)
    func token() -> UInt64? { random.chance(2) ? tokens[random.below(tokens.count)] : nil }
    return RecordSamples.record(
      number, revision: UInt64(random.below(3)), expiresAt: random.chance(12) ? nil : instant(), accessToken: token(),
      refreshToken: token(),
      groups: Groups(subject: random.chance(2) ? RecordSamples.digest(UInt64(random.below(2))) : nil),
      payload: [UInt8(random.below(256))])
  }
}
