import Testing

@testable import AuthCache

@Suite struct SealerTests {
  private let content = [UInt8](#"{"a":1}"#.utf8)

  private func context(
    kind: RecordKind = .session, digest: UInt64 = 1, access: UInt64? = 2, refresh: UInt64? = 3, subject: UInt64? = 4,
    providerSession: UInt64? = 5, grant: UInt64? = 6, createdAt: Int64 = 7, revision: UInt64 = 8
  ) -> SealingContext {
    func make(_ seed: UInt64) -> RecordDigest { RecordDigest(words: (seed, 0, 0, 0)) }
    return SealingContext(
      kind: kind, digest: make(digest),
      aliases: Aliases(accessToken: access.map(make), refreshToken: refresh.map(make)),
      groups: Groups(
        subject: subject.map(make), providerSession: providerSession.map(make), grant: grant.map(make)),
      createdAt: Timestamp(millisecondsSinceEpoch: createdAt), revision: revision)
  }

  private func expectCorrupt(_ sealer: Sealer, _ payload: [UInt8], _ context: SealingContext, _ what: String = "") {
    let error = #expect(throws: AuthCacheError.self, "\(what)") { try sealer.open(payload, for: context) }
    #expect(error?.code == .corrupt, "\(what)")
    #expect(error?.effect == AuthCacheError.Effect.none)
  }

  @Test("payloads are those of the published vectors, and open")
  func vectors() throws {
    let vectors = try Vectors.payloads().payloads
    #expect(vectors.count >= 5)
    for vector in vectors {
      let algorithm = try #require(SealingKey.Algorithm(rawValue: vector.algorithm))
      let key = try SealingKey(id: vector.keyID, secret: [UInt8](hex: vector.key), algorithm: algorithm)
      let sealer = Sealer.sealing(with: KeyRing(key))
      let context = SealingContext(
        kind: try #require(RecordKind(rawValue: vector.kind)), digest: try RecordDigest(hex: vector.digest),
        aliases: Aliases(
          accessToken: try vector.accessToken.map { try RecordDigest(hex: $0) },
          refreshToken: try vector.refreshToken.map { try RecordDigest(hex: $0) }),
        groups: Groups(
          subject: try vector.subject.map { try RecordDigest(hex: $0) },
          providerSession: try vector.providerSession.map { try RecordDigest(hex: $0) },
          grant: try vector.grant.map { try RecordDigest(hex: $0) }),
        createdAt: Timestamp(millisecondsSinceEpoch: vector.createdAt),
        revision: try #require(UInt64(vector.revision)))
      #expect(context.associatedData.hex == vector.associatedData, "\(vector.note)")
      let sealed = try sealer.seal([UInt8](vector.content.utf8), for: context, nonce: [UInt8](hex: vector.nonce))
      #expect(sealed.hex == vector.payload, "\(vector.note)")
      #expect(try sealer.open([UInt8](hex: vector.payload), for: context) == [UInt8](vector.content.utf8))
    }
  }

  @Test("what is sealed opens again, and shows nothing", arguments: SealingKey.Algorithm.allCases)
  func roundTrip(_ algorithm: SealingKey.Algorithm) throws {
    let sealer = Sealer.sealing(with: KeyRing(try .generate(id: "k", algorithm: algorithm)))
    for count in [0, 1, 15, 16, 17, 1_000, 1 << 20] {
      let content = [UInt8](repeating: 0x41, count: count)
      let sealed = try sealer.seal(content, for: context())
      #expect(try sealer.open(sealed, for: context()) == content)
      #expect(count < 16 || !sealed.hex.contains(String(repeating: "41", count: 16)))
    }
  }

  @Test("no two payloads have one nonce")
  func nonces() throws {
    let sealer = Sealer.sealing(with: KeyRing(try .generate(id: "k")))
    let nonces = try (0..<1_000).map { _ in
      [UInt8](try #require(SealedFormat(try sealer.seal(content, for: context()))).nonce)
    }
    #expect(Set(nonces).count == nonces.count)
  }

  @Test("a payload opens in its own record only, field by field", arguments: SealingKey.Algorithm.allCases)
  func binding(_ algorithm: SealingKey.Algorithm) throws {
    let sealer = Sealer.sealing(with: KeyRing(try .generate(id: "k", algorithm: algorithm)))
    let sealed = try sealer.seal(content, for: context())
    let others: [(String, SealingContext)] = [
      ("kind", context(kind: .client)), ("digest", context(digest: 9)), ("access token", context(access: 9)),
      ("refresh token", context(refresh: 9)), ("no access token", context(access: nil)),
      ("no refresh token", context(refresh: nil)), ("tokens swapped", context(access: 3, refresh: 2)),
      ("one token in the other's place", context(access: nil, refresh: 2)), ("subject", context(subject: 9)),
      ("no subject", context(subject: nil)), ("provider session", context(providerSession: 9)),
      ("no provider session", context(providerSession: nil)), ("grant", context(grant: 9)),
      ("no grant", context(grant: nil)), ("creation", context(createdAt: 9)), ("revision", context(revision: 9)),
    ]
    for (what, other) in others { expectCorrupt(sealer, sealed, other, what) }
  }

  @Test("a payload altered or cut anywhere does not open", arguments: SealingKey.Algorithm.allCases)
  func tampering(_ algorithm: SealingKey.Algorithm) throws {
    let sealer = Sealer.sealing(with: KeyRing(try .generate(id: "key", algorithm: algorithm)))
    let sealed = try sealer.seal(content, for: context())
    for index in sealed.indices {
      for bit in 0..<8 {
        var altered = sealed
        altered[index] ^= 1 << UInt8(bit)
        expectCorrupt(sealer, altered, context(), "byte \(index), bit \(bit)")
      }
      expectCorrupt(sealer, Array(sealed.prefix(index)), context(), "cut at \(index)")
    }
    expectCorrupt(sealer, sealed + [0], context(), "one byte more")
  }

  @Test("a payload under a key that is not on the ring, or that was removed, is corrupt and not absent")
  func unknownKey() throws {
    let ring = KeyRing(try .generate(id: "a"))
    let sealer = Sealer.sealing(with: ring)
    let sealed = try sealer.seal(content, for: context())
    expectCorrupt(.sealing(with: KeyRing(try .generate(id: "b"))), sealed, context(), "another id")
    expectCorrupt(.sealing(with: KeyRing(try .generate(id: "a"))), sealed, context(), "another secret")
    try ring.add(.generate(id: "b"))
    #expect(try sealer.open(sealed, for: context()) == content)
    try ring.remove(id: "a")
    expectCorrupt(sealer, sealed, context(), "removed")
  }

  @Test("the first key seals, any opens, and what an older one sealed is known as outdated")
  func rotation() throws {
    let ring = KeyRing(try .generate(id: "a"))
    let sealer = Sealer.sealing(with: ring)
    let old = try sealer.seal(content, for: context())
    #expect(try !sealer.opened(old, for: context()).isOutdated)
    try ring.add(.generate(id: "b", algorithm: .chaCha20Poly1305))
    let new = try sealer.seal(content, for: context())
    #expect(try sealer.opened(old, for: context()).isOutdated)
    #expect(try !sealer.opened(new, for: context()).isOutdated)
    try ring.remove(id: "a")
    #expect(try sealer.open(new, for: context()) == content)
  }

  @Test(
    "a store with keys never takes plaintext for sealed",
    arguments: [
      "{}", #"{"a":1}"#, "", "\u{1}", "\u{1}\u{1}\u{0}", String(repeating: "\u{1}", count: 64),
    ])
  func plaintextIsNotSealed(_ text: String) throws {
    expectCorrupt(.sealing(with: KeyRing(try .generate(id: "a"))), [UInt8](text.utf8), context())
  }

  @Test("a store without keys leaves plaintext as it is and never takes sealed for it")
  func sealedIsNotPlaintext() throws {
    #expect(try Sealer.plaintext.seal(content, for: context()) == content)
    #expect(try Sealer.plaintext.open(content, for: context()) == content)
    let sealed = try Sealer.sealing(with: KeyRing(try .generate(id: "a"))).seal(content, for: context())
    expectCorrupt(.plaintext, sealed, context())
  }
}
