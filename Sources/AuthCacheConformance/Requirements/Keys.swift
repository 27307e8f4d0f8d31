internal import AuthCache

extension Requirement {
  static let keys: [Requirement] = [
    Requirement(
      "key.kind.apart", .keys,
      "The same digest under two kinds is two records.",
      consequence: "A login state is redeemed as a code.",
      likelyCause: "The key is the digest alone."
    ) { trial in
      let backend = try await trial.open()
      let digest = trial.digest()
      let records = RecordKind.standard.map { trial.record($0, digest: digest) }
      for record in records { try await backend.store(record) }
      _ = try await backend.remove(records[0].id)
      _ = try await backend.consume(records[1].id)
      for record in records.dropFirst(2) {
        trial.expect(try await backend.load(record.id), equals: record, "the \(record.kind) is untouched")
      }
    },
    Requirement(
      "key.kind.caseMatters", .keys,
      "Kinds are compared exactly: case, length and punctuation matter.",
      consequence: "An application's own kind collides with a bundled one.",
      likelyCause: "A collation that folds case or pads, or an encoding of kinds that is not injective.",
      references: ["query-plan-adapters#436", "scs#226"]
    ) { trial in
      let backend = try await trial.open()
      let digest = trial.digest()
      let kinds: [RecordKind] = [
        "code", "Code", "CODE", "codes", "cod", "c.ode", "c_ode", "c-ode", "0", "abcdefghijklmno",
      ]
      let records = kinds.map { trial.record($0, digest: digest) }
      for record in records { try await backend.store(record) }
      for record in records {
        trial.expect(try await backend.load(record.id), equals: record, "the kind \(record.kind) has its own record")
      }
    },
    Requirement(
      "key.digest.everyByte", .keys,
      "Digests that differ in one bit anywhere are two keys.",
      consequence: "Two tokens are one.",
      likelyCause: "The key is truncated, folded or hashed again.",
      references: ["fleet#51471", "scs#226"]
    ) { trial in
      let backend = try await trial.open()
      let base = trial.record(.code)
      try await backend.store(base)
      for byte in 0..<RecordDigest.byteCount {
        for bit in [0, 5, 7] {
          var bytes = base.digest.bytes
          bytes[byte] ^= 1 << bit
          let other = try trial.require(RecordDigest(bytes: bytes), "32 bytes make a digest")
          trial.expect(try await backend.load(.id(.code, other)), equals: nil, "byte \(byte), bit \(bit) matters")
        }
      }
    },
    Requirement(
      "key.digest.hostile", .keys,
      "Every byte is allowed in a digest: NUL, spaces, quotes, letters of either case, invalid UTF-8.",
      consequence: "Every request with such a token is a server error, or somebody else's session.",
      likelyCause: "Digests pass through text.",
      references: ["uaa#1769", "postgres-kit#256", "query-plan-adapters#436"]
    ) { trial in
      let backend = try await trial.open()
      let records = HostileBytes.digests.map { trial.record(.session, digest: $0) }
      for record in records { try await backend.store(record) }
      for record in records {
        trial.expect(
          try await backend.load(record.id), equals: record, "a digest of hostile bytes finds its own record")
      }
      for record in records {
        trial.expect(try await backend.consume(record.id), equals: record, "and is consumed as its own")
      }
    },
    Requirement(
      "key.alias.hostile", .keys,
      "Every byte is allowed in an alias.",
      consequence: "A token with a trailing space byte in its digest opens another's session.",
      likelyCause: "Alias columns are text.",
      references: ["query-plan-adapters#436"], needs: [.aliases]
    ) { trial in
      let backend = try await trial.open()
      let records = HostileBytes.digests.map {
        trial.record(.session, aliases: Aliases(accessToken: $0, refreshToken: $0))
      }
      for record in records { try await backend.store(record) }
      for lookup in records.flatMap(\.lookups) {
        trial.expect(
          try await backend.load(lookup)?.digest, equals: records.first { $0.lookups.contains(lookup) }?.digest,
          "an alias of hostile bytes finds its own session by \(lookup.field.rawValue)")
      }
    },
    Requirement(
      "key.group.hostile", .keys,
      "Every byte of a group counts, and every byte is allowed in one.",
      consequence: "One user's logout logs out whoever has a similar digest.",
      likelyCause: "The columns of the groups are text, or shorter than a digest.",
      references: ["query-plan-adapters#436"], needs: [.group]
    ) { trial in
      let backend = try await trial.open()
      let groups = try trial.group(backend)
      let records = HostileBytes.digests.map { trial.record(.session, groups: Groups(subject: $0, grant: $0)) }
      try await backend.storeEach(records)
      for (index, record) in records.enumerated() {
        let group = Group(role: index.isMultiple(of: 2) ? .subject : .grant, digest: HostileBytes.digests[index])
        trial.expect(try await groups.removeAll(in: group), equals: 1, "a group of hostile bytes has its own member")
        trial.expect(try await backend.load(record.id), equals: nil, "which is absent afterwards")
      }
    },
    Requirement(
      "key.payload.roundTrip", .keys,
      "A payload comes back byte for byte: empty, NUL, invalid UTF-8, quotes, injection-shaped.",
      consequence: "A session is broken, or a statement is.",
      likelyCause: "The payload is stored as text or pasted into a statement.",
      references: ["uaa#1769", "centreon#6168"]
    ) { trial in
      let backend = try await trial.open()
      for payload in HostileBytes.payloads {
        let record = trial.record(payload: payload)
        try await backend.store(record)
        trial.expect(
          try await backend.load(record.id)?.payload.bytes, equals: payload,
          "\(payload.count) bytes come back as stored")
      }
    },
    Requirement(
      "key.payload.sizes", .keys,
      "Payloads of every size up to the declared largest come back whole.",
      consequence: "A session with many claims is cut off at 255 bytes or 64 KiB.",
      likelyCause: "A column type with a limit that truncates silently.",
      references: ["centreon#6168", "product-is#28297"]
    ) { trial in
      let backend = try await trial.open()
      let largest = trial.properties.maxPayload
      let sizes = [0, 1, 127, 128, 255, 256, 4_095, 4_096, 16_384, 65_535, 65_536, 262_144, largest - 1, largest]
      for size in sizes where size <= min(largest, 8 << 20) {
        let record = trial.record(payload: trial.entropy.bytes(size))
        try await backend.store(record)
        let found = try await backend.load(record.id)
        trial.expect(
          found?.payload == record.payload, "\(size) bytes come back whole", expected: "\(size) bytes as stored",
          found: "\(found?.payload.count ?? -1) bytes")
      }
      let whole = Payload(trial.entropy.bytes(min(largest, 8 << 20)))
      let inserted = trial.record(payload: []).replacing(revision: trial.revision(), payload: whole)
      let replaced = trial.record(payload: [1])
      try await backend.store(replaced)
      trial.expect(try await backend.insert(inserted), equals: true, "the id is free")
      let next = replaced.replacing(revision: trial.revision(), payload: whole)
      trial.expect(try await backend.replace(replaced, with: next), equals: true, "the replace wins")
      for (record, way) in [(inserted, "inserted"), (next, "put in another's place")] {
        let found = try await backend.consume(record.id)
        trial.expect(
          found?.payload == whole, "the largest payload comes back whole where it was \(way)",
          expected: "\(whole.count) bytes as written", found: "\(found?.payload.count ?? -1) bytes")
      }
    },
    Requirement(
      "key.payload.tooLarge", .keys,
      "One byte above the declared largest payload throws tooLarge, and nothing is written.",
      consequence: "The connection is dropped in the middle, or the value truncated.",
      likelyCause: "The limit is the server's, met after sending."
    ) { trial in
      let backend = try await trial.open()
      let size = trial.properties.maxPayload + 1
      guard size <= 64 << 20 else { return }
      let old = trial.record(.session, payload: [1])
      try await backend.store(old)
      let large = old.replacing(revision: trial.revision(), payload: Payload([UInt8](repeating: 7, count: size)))
      let fresh = trial.record(.session, payload: [UInt8](repeating: 7, count: size))
      await trial.expectError(.tooLarge, effect: AuthCacheError.Effect.none, "store refuses it") {
        try await backend.store(large)
      }
      await trial.expectError(.tooLarge, effect: AuthCacheError.Effect.none, "insert refuses it") {
        try await backend.insert(fresh)
      }
      await trial.expectError(.tooLarge, effect: AuthCacheError.Effect.none, "replace refuses it") {
        try await backend.replace(old, with: large)
      }
      trial.expect(try await backend.load(old.id), equals: old, "the record is untouched")
      trial.expect(try await backend.load(fresh.id), equals: nil, "nothing was inserted")
    },
    Requirement(
      "key.namespace.apart", .keys,
      "Two namespaces see nothing of each other.",
      consequence: "Staging logs production out.",
      likelyCause: "A table or a prefix is shared."
    ) { trial in
      let here = try await trial.open()
      let there = try await trial.openElsewhere()
      let record = trial.record(.session)
      try await here.store(record)
      trial.expect(try await there.load(record.id), equals: nil, "the other namespace does not see it")
      let other = record.replacing(revision: trial.revision())
      trial.expect(try await there.insert(other), equals: true, "and can hold the same id")
      trial.expect(try await there.remove(record.id), equals: true, "and lose it")
      trial.expect(try await here.load(record.id), equals: record, "which changes nothing here")

      // One session, whole, in both: no conflict, and what is done to many there is not done here.
      let grant = Group.grant(trial.digest())
      let session = trial.session(groups: trial.membership(grant))
      for backend in [here, there] { try await backend.store(session) }
      if let listing = there as? any ListingBackend {
        trial.expect(
          try await listing.records(of: .session, after: nil, limit: 10), equals: [session], "its listing has its own")
      }
      if let groups = there as? any GroupBackend {
        trial.expect(try await groups.removeAll(in: grant), equals: 1, "its group has its own member")
      }
      for lookup in session.lookups {
        trial.expect(try await here.load(lookup), equals: session, "the session here is untouched")
      }
      guard trial.properties.expiry == .swept else { return }
      for backend in [here, there] { try await backend.store(trial.record(.state, life: .seconds(-5))) }
      trial.expect(
        try await there.removeExpired(through: trial.now, limit: 10), equals: [.state: 1], "its sweep removes its own")
      trial.expect(
        try await here.removeExpired(through: trial.now, limit: 10), equals: [.state: 1], "and leaves those here")
    },
  ]
}

/// Bytes that break what treats bytes as text.
enum HostileBytes {
  /// Digests that a collation, a C string, a signed comparison or an escape would confuse.
  static let digests: [RecordDigest] = {
    let tails: [[UInt8]] = [
      [0x00], [0x20], [0x20, 0x20], [0x00, 0x00], [0x41], [0x61], [0x27], [0x22], [0x5C], [0x25], [0x5F], [0xFF],
      [0xC3, 0x28], [0x80], [0x7F], [0x0A], [0xC3, 0xA9], [0x65, 0xCC], Array("' OR 1=1".utf8), Array("\0admin".utf8),
    ]
    let zeros = [UInt8](repeating: 0, count: 32)
    let full = [UInt8](repeating: 0xFF, count: 32)
    let spaces = [UInt8](repeating: 0x20, count: 32)
    var all = [zeros, full, spaces]
    for tail in tails {
      all.append(Array(repeating: 0x61, count: 32 - tail.count) + tail)
      all.append(tail + Array(repeating: 0x61, count: 32 - tail.count))
    }
    return Set(all).sorted { $0.lexicographicallyPrecedes($1) }.compactMap { RecordDigest(bytes: $0) }
  }()

  static let payloads: [[UInt8]] = [
    [], [0], [0, 0, 0], Array("a\0b".utf8), [0xFF, 0xFE, 0x00], [0xC3, 0x28], [0x80], Array("trailing   ".utf8),
    Array("'; DROP TABLE auth_cache; --".utf8), Array("\\' \" ` % _ $1 ? :x".utf8), Array("\r\n\u{2028}\u{FEFF}".utf8),
    Array("{\"a\":1}".utf8), Array((0...255).map { UInt8($0) }), Array(#"\x00\N"#.utf8),
  ]
}
