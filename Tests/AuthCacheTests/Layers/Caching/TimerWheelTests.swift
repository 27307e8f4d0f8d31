import Testing

@testable import AuthCache

@Suite struct TimerWheelTests {
  @Test func `A slot comes up once, never early and at most two ticks late, however far away it is`() {
    var generator = SeededGenerator(seed: 3)
    let start: Int64 = 1_000_000_000_123
    var now = start
    var wheel = TimerWheel(at: Timestamp(millisecondsSinceEpoch: now), slots: .max)
    var due: [Int: Int64] = [:]
    var lives: [Int64] = [1, 63, 64, 65, 4_095, 4_096, 262_143, 262_144, 300_000, 16_777_216, 2_000_000_000]
    lives += (0..<200).map { _ in Int64(generator.below(1 << (4 + generator.below(26)))) }
    for (slot, life) in lives.enumerated() {
      wheel.schedule(slot, at: Timestamp(millisecondsSinceEpoch: now + life))
      due[slot] = now + life
    }
    while !due.isEmpty {
      now += generator.chance(20) ? Int64(generator.below(100_000_000)) : Int64(generator.below(1_000))
      let end = now
      for slot in wheel.advance(to: Timestamp(millisecondsSinceEpoch: now)) {
        let instant = due.removeValue(forKey: slot)
        #expect(instant != nil, "came up twice")
        #expect(instant ?? 0 <= end, "early")
      }
      #expect(due.values.allSatisfy { $0 > end - 128 }, "late")
    }
  }

  @Test func `A slot that was taken off does not come up, and one that was moved comes up once`() {
    let start = Timestamp(millisecondsSinceEpoch: 1_000_000)
    var wheel = TimerWheel(at: start, slots: .max)
    for slot in 0..<100 { wheel.schedule(slot, at: start + .milliseconds(slot * 10)) }
    for slot in stride(from: 0, to: 100, by: 2) { wheel.cancel(slot) }
    for slot in stride(from: 1, to: 100, by: 4) { wheel.schedule(slot, at: start + .seconds(10)) }
    #expect(Set(wheel.advance(to: start + .seconds(2))) == Set(stride(from: 3, to: 100, by: 4)))
    #expect(Set(wheel.advance(to: start + .seconds(20))) == Set(stride(from: 1, to: 100, by: 4)))
    #expect(wheel.advance(to: start + .seconds(40_000)).isEmpty)
  }
}
