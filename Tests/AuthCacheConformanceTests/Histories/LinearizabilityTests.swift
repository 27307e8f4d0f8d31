import AuthCache
import AuthCacheConformance
import Testing

@Suite struct LinearizabilityTests {
  @Test("one of two overlapping consumers gets the record")
  func oneOfTwoOverlappingConsumers() async throws {
    var sample = try await HistorySample()
    sample.add("A", .store(sample.record(1)), .done, 0...1)
    sample.add("A", .consume(sample.key), .record(nil), 2...5)
    sample.add("B", .consume(sample.key), .record(sample.record(1)), 3...6)
    #expect(sample.history.check().isLinearizable)
  }

  @Test("an id under which nothing was ever written is judged too")
  func nothingWritten() async throws {
    var sample = try await HistorySample()
    sample.add("A", .load(sample.key), .record(nil), 0...1)
    #expect(sample.history.check().isLinearizable)
    sample.add("A", .consume(sample.key), .record(sample.record(1)), 2...3)
    #expect(!sample.history.check().isLinearizable)
  }

  @Test("a write that would change nothing now may have been needed later")
  func aWriteMayWait() async throws {
    var sample = try await HistorySample()
    sample.add("C", .store(sample.record(1)), .done, 0...1)
    sample.add("A", .store(sample.record(1)), .done, 2...20)
    sample.add("B", .consume(sample.key), .record(sample.record(1)), 3...4)
    sample.add("B", .load(sample.key), .record(sample.record(1)), 5...6)
    #expect(sample.history.check().isLinearizable)
  }

  @Test("two consumers who both get one record are the whole witness")
  func twoConsumersWhoBothGet() async throws {
    var sample = try await HistorySample()
    sample.add("A", .store(sample.record(1)), .done, 0...1)
    sample.add("C", .load(sample.key), .record(sample.record(1)), 2...3)
    sample.add("A", .consume(sample.key), .record(sample.record(1)), 4...7)
    sample.add("B", .consume(sample.key), .record(sample.record(1)), 5...8)
    sample.add("C", .load(sample.key), .record(nil), 9...10)
    let verdict = sample.history.check()
    let witness = try #require(verdict.witnesses.first)
    #expect(witness.operations.map(\.client) == ["A", "B"])
    #expect(
      verdict.description.hasPrefix(
        """
        No order of these operations explains their answers (at first anything that was written earlier may be in place):
          A  consume code 1  ├───┤    r1
          B  consume code 1    ├───┤  r1
        """))
    #expect(throws: HistoryFailure.self) { try verdict.requireLinearizable() }
  }

  @Test("a read may not go back to what an earlier read has seen replaced")
  func aReadMayNotGo() async throws {
    var sample = try await HistorySample()
    sample.add("A", .store(sample.record(1)), .done, 0...1)
    sample.add("A", .store(sample.record(2)), .done, 2...9)
    sample.add("B", .load(sample.key), .record(sample.record(2)), 3...4)
    sample.add("C", .load(sample.key), .record(sample.record(1)), 5...6)
    #expect(!sample.history.check().isLinearizable)
  }

  @Test("reads that overlap a write may see it or not")
  func readsThatOverlapAWrite() async throws {
    var sample = try await HistorySample()
    sample.add("A", .store(sample.record(1)), .done, 0...1)
    sample.add("A", .store(sample.record(2)), .done, 2...9)
    sample.add("B", .load(sample.key), .record(sample.record(2)), 3...8)
    sample.add("C", .load(sample.key), .record(sample.record(1)), 5...6)
    #expect(sample.history.check().isLinearizable)
  }

  @Test("a late save may not undo a removal")
  func aLateSaveMayNot() async throws {
    var sample = try await HistorySample()
    sample.add("A", .store(sample.record(1)), .done, 0...1)
    sample.add("B", .remove(sample.key), .flag(true), 2...3)
    sample.add("A", .replace(sample.key, revision: 1, next: sample.record(2)), .flag(true), 4...5)
    let witness = try #require(sample.history.check().witnesses.first)
    #expect(witness.operations.count == 2, "\(witness)")
  }

  @Test("one of two replacers of one revision wins")
  func oneOfTwoReplacersOf() async throws {
    var sample = try await HistorySample()
    sample.add("A", .store(sample.record(1)), .done, 0...1)
    sample.add("A", .replace(sample.key, revision: 1, next: sample.record(2)), .flag(true), 2...6)
    sample.add("B", .replace(sample.key, revision: 1, next: sample.record(3)), .flag(false), 3...5)
    #expect(sample.history.check().isLinearizable)
    sample.add("C", .load(sample.key), .record(sample.record(3)), 7...8)
    #expect(!sample.history.check().isLinearizable)
  }

  @Test("of two inserters one is told true")
  func ofTwoInsertersOneIs() async throws {
    var sample = try await HistorySample()
    sample.add("A", .insert(sample.record(1)), .flag(true), 0...4)
    sample.add("B", .insert(sample.record(2)), .flag(true), 1...5)
    #expect(!sample.history.check().isLinearizable)
  }

  @Test("what nobody wrote is never read")
  func whatNobodyWroteIsNever() async throws {
    var sample = try await HistorySample()
    sample.add("A", .store(sample.record(1)), .done, 0...1)
    sample.add("B", .load(sample.key), .record(sample.record(2)), 2...3)
    #expect(!sample.history.check().isLinearizable)
  }

  // MARK: Unknown effect

  @Test("a store without an answer may have been applied, late, or never")
  func aStoreWithoutAnAnswer() async throws {
    var never = try await HistorySample()
    never.addUnanswered("A", .store(never.record(1)), from: 0)
    never.add("B", .load(never.key), .record(nil), 1...2)
    var late = never
    late.add("B", .load(late.key), .record(late.record(1)), 8...9)
    #expect(never.history.check().isLinearizable)
    #expect(late.history.check().isLinearizable)
    var twice = late
    twice.add("B", .load(twice.key), .record(nil), 10...11)
    #expect(!twice.history.check().isLinearizable)
  }

  @Test("a consume that failed with unknown effect may have taken the record, and only once")
  func aConsumeThatFailedWith() async throws {
    var sample = try await HistorySample()
    sample.add("A", .store(sample.record(1)), .done, 0...1)
    sample.add("A", .consume(sample.key), .unknown, 2...3)
    var taken = sample
    taken.add("B", .load(taken.key), .record(taken.record(1)), 4...5)
    taken.add("B", .consume(taken.key), .record(nil), 6...7)
    #expect(taken.history.check().isLinearizable)
    var back = taken
    back.add("B", .load(back.key), .record(back.record(1)), 8...9)
    #expect(!back.history.check().isLinearizable)
  }

  @Test("what failed with no effect was not applied")
  func whatFailedWithNoEffect() async throws {
    var sample = try await HistorySample()
    sample.add("A", .store(sample.record(1)), .notApplied, 0...1)
    sample.add("B", .load(sample.key), .record(nil), 2...3)
    #expect(sample.history.check().isLinearizable)
    sample.add("B", .load(sample.key), .record(sample.record(1)), 4...5)
    #expect(!sample.history.check().isLinearizable)
  }

  // MARK: Time

  @Test("a record is gone when its end has come, and stays gone")
  func aRecordIsGoneWhen() async throws {
    var sample = try await HistorySample()
    sample.add("A", .store(sample.record(1)), .done, 0...1)
    sample.add("A", .load(sample.key), .record(nil), 2...3, time: 60_000...60_000)
    #expect(sample.history.check().isLinearizable)
    var early = try await HistorySample()
    early.add("A", .store(early.record(1)), .done, 0...1)
    early.add("A", .load(early.key), .record(nil), 2...3, time: 59_999...59_999)
    #expect(!early.history.check().isLinearizable)
    var flapping = try await HistorySample()
    flapping.add("A", .store(flapping.record(1)), .done, 0...1)
    flapping.add("A", .load(flapping.key), .record(nil), 2...3, time: 59_990...60_010)
    #expect(flapping.history.check().isLinearizable)
    flapping.add("A", .load(flapping.key), .record(flapping.record(1)), 4...5, time: 59_990...60_010)
    #expect(!flapping.history.check().isLinearizable)
  }

  @Test("an extension does not bring back what has ended")
  func anExtensionDoesNotBring() async throws {
    var sample = try await HistorySample()
    sample.add("A", .store(sample.record(1)), .done, 0...1)
    sample.add("A", .extend(sample.key, to: 90_000), .flag(true), 2...3, time: 60_000...60_000)
    #expect(!sample.history.check().isLinearizable)
  }
}
