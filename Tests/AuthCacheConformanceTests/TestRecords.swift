import AuthCache

/// Records for the tests of the kit.
enum Sample {
  static func digest(_ number: UInt64) -> RecordDigest {
    var generator = SeededGenerator(seed: number)
    return RecordDigest(words: (generator.next(), generator.next(), generator.next(), generator.next()))
  }

  static func code(_ number: UInt64 = 1, revision: UInt64 = 1, at now: Timestamp) -> Record {
    Record(
      kind: .code, digest: digest(number), revision: revision, createdAt: now, expiresAt: now + .seconds(60),
      payload: [UInt8(truncatingIfNeeded: revision)])
  }
}
