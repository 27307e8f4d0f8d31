import AuthCache

/// Records, digests and instants that the tests of the waist and of the memory store are written with.
enum RecordSamples {
  /// A digest that falls into another shard for each of 64 consecutive numbers.
  static func digest(_ number: UInt64) -> RecordDigest {
    RecordDigest(words: (number << 58 | number, 0, 0, number))
  }

  static func record(
    _ number: UInt64, kind: RecordKind = .session, revision: UInt64 = 1, expiresAt: Timestamp?,
    accessToken: UInt64? = nil, refreshToken: UInt64? = nil, groups: Groups = .none, payload: Payload = [1, 2, 3]
  ) -> Record {
    Record(
      kind: kind, digest: digest(number), revision: revision, createdAt: Timestamp(millisecondsSinceEpoch: 0),
      expiresAt: expiresAt,
      aliases: Aliases(accessToken: accessToken.map(digest), refreshToken: refreshToken.map(digest)),
      groups: groups, payload: payload)
  }
}

extension SeededGenerator {
  /// A number below `bound`.
  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  mutating func chance(_ oneIn: Int) -> Bool { below(oneIn) == 0 }
}
