import AuthCache
import AuthCacheSQL
import Testing

/// How a log is read whose numbers are not committed in their order.
@Suite struct ChangePositionTests {
  private func change(_ id: Int64) -> LoggedChange {
    LoggedChange(id: id, lookups: [.id(.code, RecordDigest(words: (0, 0, 0, UInt64(id))))])
  }

  private func news(_ ids: Int64...) -> [Invalidation] {
    ids.map { .record(.id(.code, RecordDigest(words: (0, 0, 0, UInt64($0))))) }
  }

  /// Looks at a log that holds these numbers.
  private func look(_ position: inout ChangePosition, _ ids: [Int64]) -> [Invalidation] {
    let start = position.start
    return position.advance(through: ids.filter { $0 > start }.map(change), end: ids.max())
  }

  @Test func `what comes in order is told once`() {
    var position = ChangePosition(last: 0, isInOrder: false)
    #expect(look(&position, [1, 2, 3]) == news(1, 2, 3))
    #expect(look(&position, [1, 2, 3]) == [])
    #expect(look(&position, [1, 2, 3, 4]) == news(4))
    #expect(position.overdue.isEmpty)
  }

  @Test func `a number that comes late is told when it comes, and what was told before is not told again`() {
    var position = ChangePosition(last: 0, isInOrder: false)
    #expect(look(&position, [1, 3, 6]) == news(1, 3, 6))
    #expect(look(&position, [1, 2, 3, 6, 7]) == news(2, 7))
    #expect(look(&position, [1, 2, 3, 4, 5, 6, 7]) == news(4, 5))
    #expect(look(&position, [1, 2, 3, 4, 5, 6, 7]) == [])
    #expect(position.start == 7)
  }

  @Test func `what was missing when listening began is told too`() {
    var position = ChangePosition(last: 9, missing: [4, 8], isInOrder: false)
    #expect(look(&position, [1, 8, 9, 10]) == news(8, 10))
    #expect(look(&position, [4, 8, 9, 10]) == news(4))
  }

  @Test func `a number that does not come is asked for by itself, until it is certain that it never will`() {
    var position = ChangePosition(last: 0, isInOrder: false)
    _ = look(&position, [1, 3])
    for _ in 0..<4 {
      #expect(position.start == 1)
      #expect(look(&position, [1, 3]) == [])
    }
    #expect(position.start == 3)
    #expect(position.overdue == [2])
    // Committed after all.
    var late = position
    #expect(late.settle(2, change(2)) == news(2))
    #expect(late.overdue.isEmpty)
    // Undone.
    #expect(position.settle(2, nil) == [])
    #expect(position.overdue.isEmpty)
  }

  @Test func `a number that is missing where all come in order was pruned, and is a gap`() {
    var position = ChangePosition(last: 2, isInOrder: true)
    #expect(look(&position, [3, 4]) == news(3, 4))
    #expect(look(&position, [9, 10]) == [.gap] + news(9, 10))
    #expect(look(&position, [10, 11]) == news(11))
  }

  @Test func `a log that begins anew is a gap`() {
    var position = ChangePosition(last: 50, isInOrder: false)
    #expect(look(&position, [1, 2]) == [.gap])
    #expect(look(&position, [1, 2, 3]) == news(3))
    #expect(look(&position, []) == [.gap])
    #expect(look(&position, [1]) == news(1))
  }

  @Test func `more missing numbers than are remembered are a gap`() {
    var position = ChangePosition(last: 0, isInOrder: false)
    #expect(look(&position, [100_000]) == [.gap] + news(100_000))
    #expect(position.start == 100_000)
  }

  /// Any order of commits, looked at whenever: each is told exactly once.
  @Test(arguments: 0..<200 as Range<UInt64>)
  func `every order of commits is told whole`(_ seed: UInt64) {
    var generator = Seeded(state: seed)
    var order = (1...40 as ClosedRange<Int64>).map { ($0, Int($0) + Int.random(in: 0..<6, using: &generator)) }
    order.sort { $0.1 < $1.1 }
    var position = ChangePosition(last: 0, isInOrder: false)
    var (log, told): ([Int64], [Invalidation]) = ([], [])
    for (id, _) in order {
      log.append(id)
      log.sort()
      if Bool.random(using: &generator) { told += look(&position, log) }
      // What is not there yet is locked by whoever is about to commit it.
      for id in position.overdue where log.contains(id) { told += position.settle(id, change(id)) }
    }
    told += look(&position, log)
    for id in position.overdue { told += position.settle(id, change(id)) }
    #expect(Set(told) == Set((1...40).flatMap { news(Int64($0)) }) && told.count == 40)
  }
}

private struct Seeded: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ (state >> 33)
  }
}
