import Testing

@testable import AuthCache

@Suite struct DigestMemoryTests {
  private func digest(_ seed: UInt64) -> RecordDigest {
    RecordDigest(words: (seed, seed &* 3, seed &* 5, seed &* 7))
  }

  @Test("SipHash-2-4-128 gives the first outputs of its reference implementation")
  func sipHash() {
    let hash = SipHash(key: 0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)
    func output(_ count: Int) -> String {
      let output = [UInt8](0..<UInt8(count)).withUnsafeBytes { hash.hash($0) }
      return [output.low, output.high].flatMap { word in withUnsafeBytes(of: word.littleEndian) { [UInt8]($0) } }.hex
    }
    #expect(output(0) == "a3817f04ba25a8e66df67214c7550293")
    #expect(output(1) == "da87c1d86b99af44347659119b22fc45")
  }

  @Test("what is remembered is found under exactly its own input")
  func exact() {
    let memory = DigestMemory(capacity: 1_024)
    let inputs = (0..<500).map { "token-\($0)" }
    var kept = 0
    for (index, input) in inputs.enumerated() {
      let fingerprint = input.withTokenBytes { memory.fingerprint(of: $0) }
      #expect(memory.digest(of: fingerprint) == nil)
      memory.remember(digest(UInt64(index)), of: fingerprint)
      #expect(memory.digest(of: fingerprint) == digest(UInt64(index)))
    }
    for (index, input) in inputs.enumerated() {
      guard let found = memory.digest(of: input.withTokenBytes { memory.fingerprint(of: $0) }) else { continue }
      kept += 1
      #expect(found == digest(UInt64(index)))
    }
    // 256 sets of four places: seldom do more than four of 500 inputs fall into one.
    #expect(kept > 450)
  }

  @Test("two memories give one input different fingerprints")
  func keyed() {
    let a = DigestMemory(capacity: 1)
    let b = DigestMemory(capacity: 1)
    #expect("x".withTokenBytes { a.fingerprint(of: $0) } != "x".withTokenBytes { b.fingerprint(of: $0) })
  }

  @Test("a memory of no places is off")
  func off() {
    let digester = Digester.unpeppered()
    let memory = DigestMemory(capacity: 0)
    #expect(!memory.isEnabled)
    let found = "x".withTokenBytes { digester.digest($0, as: .accessToken, in: memory) }
    #expect(found.digest == digester.digest("x", as: .accessToken))
    #expect(found.unremembered == nil)
  }

  @Test("readers beside writers of one place see a whole digest or none")
  func concurrency() async {
    let memory = DigestMemory(capacity: 1)
    let fingerprints = (0..<2).map { index in "token-\(index)".withTokenBytes { memory.fingerprint(of: $0) } }
    let digests = [digest(1), digest(2)]
    await withTaskGroup(of: Int.self) { group in
      for index in 0..<2 {
        group.addTask {
          for _ in 0..<50_000 { memory.remember(digests[index], of: fingerprints[index]) }
          return 0
        }
        group.addTask {
          (0..<50_000).reduce(0) { wrong, _ in
            guard let found = memory.digest(of: fingerprints[index]) else { return wrong }
            return found == digests[index] ? wrong : wrong + 1
          }
        }
      }
      for await wrong in group { #expect(wrong == 0) }
    }
  }
}
