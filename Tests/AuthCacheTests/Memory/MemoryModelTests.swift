import Testing

@testable import AuthCache

/// Random programs, run on the backend and on a list of records side by side.
@Suite struct MemoryModelTests {
  @Test(arguments: 0..<24 as Range<UInt64>)
  func everyAnswerIsThatOfAListOfRecords(seed: UInt64) async throws {
    var program = ModelProgram(seed: seed, shards: 64)
    for _ in 0..<400 {
      try await program.step()
      try await program.compareEverything()
    }
    try await program.sweepEverything()
  }

  /// In one shard, which grows.
  @Test(arguments: 0..<24 as Range<UInt64>)
  func growthForgetsNothing(seed: UInt64) async throws {
    var program = ModelProgram(seed: seed, shards: 1, universe: 40)
    for step in 0..<400 {
      try await program.step()
      if step.isMultiple(of: 10) { try await program.compareEverything() }
    }
  }
}

private struct ModelProgram {
  private var random: SeededGenerator
  private let clock = VirtualClock()
  private let backend: MemoryBackend
  private var model = NaiveModel()
  private let universe: Int
  private let seed: UInt64
  private var steps = 0

  init(seed: UInt64, shards: Int, universe: Int = 5) {
    self.seed = seed
    random = SeededGenerator(seed: seed)
    backend = MemoryBackend(configuration: .init(shards: shards), clock: clock)
    self.universe = universe
  }

  private var now: Timestamp { clock.now }

  private mutating func number() -> UInt64 { UInt64(random.below(universe)) }

  private mutating func instant() -> Timestamp { now + .milliseconds(random.below(8) - 1) }

  private mutating func kind() -> RecordKind { random.chance(3) ? .code : .session }

  private mutating func lookup() -> Lookup {
    let field = Lookup.Field.allCases[random.below(3)]
    return Lookup(kind: kind(), field: field, digest: RecordSamples.digest(number()))
  }

  private mutating func group() -> Group {
    Group(role: Group.Role.allCases[random.below(3)], digest: RecordSamples.digest(UInt64(random.below(3))))
  }

  private mutating func record() -> Record {
    var groups = Groups.none
    for _ in 0..<random.below(3) {
      let group = group()
      switch group.role {
      case .subject: groups.subject = group.digest
      case .providerSession: groups.providerSession = group.digest
      case .grant: groups.grant = group.digest
      }
    }
    return RecordSamples.record(
      number(), kind: kind(), revision: UInt64(random.below(3)), expiresAt: random.chance(12) ? nil : instant(),
      accessToken: random.chance(2) ? number() : nil, refreshToken: random.chance(2) ? number() : nil,
      groups: groups, payload: Payload([UInt8(random.below(256))]))
  }

  private var trace: String { "at step \(steps) of seed \(seed)" }

  mutating func step() async throws {
    steps += 1
    switch random.below(12) {
    case 0, 1:
      let record = record()
      let expected = model.store(record, at: now)
      #expect(try await succeeds { try await self.backend.store(record) } == expected, "store \(trace)")
    case 2:
      let record = record()
      let isFree = model.live(record.id, at: now) == nil
      let isStored = isFree && model.store(record, at: now)
      let answer = try await answer { try await self.backend.insert(record) }
      #expect(answer == (isFree && !isStored ? nil : isStored), "insert \(trace)")
    case 3:
      let next = record()
      let current = next.replacing(revision: UInt64(random.below(3)))
      let isCurrent = model.live(next.id, at: now)?.revision == current.revision
      let isStored = isCurrent && model.store(next, at: now)
      let answer = try await answer { try await self.backend.replace(current, with: next) }
      #expect(answer == (isCurrent && !isStored ? nil : isStored), "replace \(trace)")
    case 4:
      let lookup = lookup()
      #expect(try await backend.consume(lookup) == model.consume(lookup, at: now), "consume \(trace)")
    case 5:
      let lookup = lookup()
      #expect(try await backend.remove(lookup) == (model.consume(lookup, at: now) != nil), "remove \(trace)")
    case 6, 7:
      let (lookup, end) = (lookup(), instant())
      #expect(try await backend.extend(lookup, to: end) == model.extend(lookup, to: end, at: now), "extend \(trace)")
    case 8:
      let batch = (0..<random.below(5)).map { _ in record() }
      let expected = model.store(contentsOf: batch, at: now)
      #expect(try await succeeds { try await self.backend.store(contentsOf: batch) } == expected, "bulk store \(trace)")
    case 9:
      let batch = (0..<random.below(4)).map { _ in lookup() }
      let expected = batch.map { model.consume($0, at: now) != nil }
      #expect(try await backend.remove(contentsOf: batch) == expected, "bulk remove \(trace)")
    case 10:
      if random.chance(3) {
        let group = group()
        #expect(try await backend.removeAll(in: group) == model.removeAll(in: group, at: now), "group \(trace)")
      } else {
        try await sweep()
      }
    default:
      clock.advance(by: .milliseconds(random.below(3)))
    }
  }

  private mutating func sweep() async throws {
    let cutoff = now - .milliseconds(random.below(3))
    let limit = random.below(4)
    let first = try await backend.removeExpired(through: cutoff, limit: limit)
    #expect(first.total <= limit)
    let rest = try await backend.removeExpired(through: cutoff, limit: .max)
    let expected = model.removeExpired(through: cutoff)
    #expect(first.total == min(limit, expected.total))
    #expect(first + rest == expected, "sweep \(trace)")
  }

  func compareEverything() async throws {
    for kind in [RecordKind.session, .code] {
      let lookups = (0..<UInt64(universe)).flatMap { number in
        Lookup.Field.allCases.map { Lookup(kind: kind, field: $0, digest: RecordSamples.digest(number)) }
      }
      let expected = lookups.map { model.live($0, at: now) }
      var found: [Record?] = []
      for lookup in lookups { found.append(try await backend.load(lookup)) }
      #expect(found == expected, "\(trace)")
      #expect(try await backend.load(contentsOf: lookups) == expected)
      let after = RecordSamples.digest(UInt64(steps % universe))
      let page = try await backend.records(of: kind, after: after, limit: 2)
      #expect(page == model.page(of: kind, after: after, limit: 2, at: now))
      let all = try await backend.records(of: kind, after: nil, limit: .max)
      #expect(all == model.page(of: kind, after: nil, limit: .max, at: now))
    }
  }

  /// When everything has ended or was revoked, nothing is left in any index.
  mutating func sweepEverything() async throws {
    for kind in [RecordKind.session, .code] {
      for record in try await backend.records(of: kind, after: nil, limit: .max) where record.expiresAt == nil {
        #expect(try await backend.remove(record.id))
      }
    }
    clock.advance(by: .seconds(1))
    _ = try await backend.removeExpired(through: now, limit: .max)
    let left = try backend.shards.footprint()
    #expect(left.records == 0 && left.aliases == 0 && left.groups == 0)
  }

  /// False for a conflict.
  private func succeeds(_ operation: () async throws -> Void) async throws -> Bool {
    let answer = try await answer {
      try await operation()
      return true
    }
    return answer ?? false
  }

  /// Nil for a conflict.
  private func answer(_ operation: () async throws -> Bool) async throws -> Bool? {
    do {
      return try await operation()
    } catch let error as AuthCacheError where error.code == .conflict {
      #expect(error.effect == .none)
      return nil
    }
  }
}
