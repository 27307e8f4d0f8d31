internal import AuthCache
internal import Synchronization

extension Mutant {
  static let keys: [Mutant] = [
    folding("digest-alone-is-the-key", "The key lacks the kind.", boundTo: "key.kind.apart", kind: { _ in .code }),
    folding(
      "kinds-without-case", "Kinds are compared by a collation.", boundTo: "key.kind.caseMatters",
      kind: { RecordKind(rawValue: $0.rawValue.lowercased()) ?? $0 }),
    folding(
      "key-of-31-bytes", "The key is one byte short.", boundTo: "key.digest.everyByte",
      digest: { RecordDigest(words: ($0.words.0, $0.words.1, $0.words.2, $0.words.3 & ~0xFF)) }),
    folding(
      "keys-as-text", "Digests pass through text that folds case.", boundTo: "key.digest.hostile", digest: folded),
    folding("aliases-as-text", "Alias columns are text that folds case.", boundTo: "key.alias.hostile", alias: folded),
    payload("payload-as-c-string", "The payload ends at its first NUL.", boundTo: "key.payload.roundTrip") { bytes in
      Array(bytes.prefix { $0 != 0 })
    },
    payload("payload-of-64-kib", "The column truncates silently.", boundTo: "key.payload.sizes") {
      Array($0.prefix(65_535))
    },
    Mutant("too-large-is-cut", "What is too large is truncated.", boundTo: "key.payload.tooLarge") {
      call, _, proceed async throws(AuthCacheError) in
      func cut(_ record: Record) -> Record {
        record.replacing(revision: record.revision, payload: Payload(record.payload.bytes.prefix(1 << 20)))
      }
      return switch call {
      case .store(let record): try await proceed(.store(cut(record)))
      case .insert(let record): try await proceed(.insert(cut(record)))
      case .replace(let current, let next): try await proceed(.replace(current, with: cut(next)))
      default: try await proceed(call)
      }
    },
    Mutant("one-table-for-all", "The namespace is not part of the table's name.", boundTo: "key.namespace.apart") {
      name in
      let stores = Memo<[String: MemoryBackend]>([:])
      return BackendFactory(
        name,
        destroy: { environment in
          let key = environment.namespace.replacing("_b", with: "")
          stores.with { _ = $0.removeValue(forKey: key) }
        }
      ) { environment in
        stores.with { stores in
          let key = environment.namespace.replacing("_b", with: "")
          if let store = stores[key] { return store }
          let store = MemoryBackend(clock: environment.clock)
          stores[key] = store
          return store
        }
      }
    },
  ]

  /// Folds the case of every byte that is an ASCII letter, and takes a trailing space or NUL for nothing.
  private static let folded: @Sendable (RecordDigest) -> RecordDigest = { digest in
    var bytes = digest.bytes.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    for index in bytes.indices.reversed() {
      guard bytes[index] == 0x20 || bytes[index] == 0 else { break }
      bytes[index] = 0
    }
    return RecordDigest(bytes: bytes) ?? digest
  }

  /// Keys that are confused on their way in; what comes back looks as it was asked for.
  private static func folding(
    _ name: String, _ mistake: String, boundTo id: String,
    kind: @escaping @Sendable (RecordKind) -> RecordKind = { $0 },
    digest: @escaping @Sendable (RecordDigest) -> RecordDigest = { $0 },
    alias: @escaping @Sendable (RecordDigest) -> RecordDigest = { $0 }
  ) -> Mutant {
    @Sendable func fold(_ record: Record) -> Record {
      Record(
        kind: kind(record.kind), digest: digest(record.digest), revision: record.revision, createdAt: record.createdAt,
        expiresAt: record.expiresAt,
        aliases: Aliases(
          accessToken: record.aliases.accessToken.map(alias), refreshToken: record.aliases.refreshToken.map(alias)),
        groups: record.groups, payload: record.payload)
    }
    @Sendable func fold(_ lookup: Lookup) -> Lookup {
      Lookup(
        kind: kind(lookup.kind), field: lookup.field,
        digest: lookup.field == .id ? digest(lookup.digest) : alias(lookup.digest))
    }
    @Sendable func restored(_ answer: BackendAnswer, _ lookup: Lookup) -> BackendAnswer {
      guard case .record(let record?) = answer else { return answer }
      return .record(
        Record(
          kind: lookup.kind, digest: lookup.field == .id ? lookup.digest : record.digest, revision: record.revision,
          createdAt: record.createdAt, expiresAt: record.expiresAt, aliases: record.aliases, groups: record.groups,
          payload: record.payload))
    }
    return Mutant(name, mistake, boundTo: id) { call, _, proceed async throws(AuthCacheError) in
      switch call {
      case .store(let record): try await proceed(.store(fold(record)))
      case .insert(let record): try await proceed(.insert(fold(record)))
      case .replace(let current, let next): try await proceed(.replace(fold(current), with: fold(next)))
      case .load(let lookup): restored(try await proceed(.load(fold(lookup))), lookup)
      case .consume(let lookup): restored(try await proceed(.consume(fold(lookup))), lookup)
      case .extend(let lookup, let end): try await proceed(.extend(fold(lookup), to: end))
      case .remove(let lookup): try await proceed(.remove(fold(lookup)))
      default: try await proceed(call)
      }
    }
  }

  private static func payload(
    _ name: String, _ mistake: String, boundTo id: String, change: @escaping @Sendable ([UInt8]) -> [UInt8]
  ) -> Mutant {
    Mutant(name, mistake, boundTo: id) { call, _, proceed async throws(AuthCacheError) in
      guard case .store(let record) = call else { return try await proceed(call) }
      return try await proceed(
        .store(record.replacing(revision: record.revision, payload: Payload(change(record.payload.bytes)))))
    }
  }
}
