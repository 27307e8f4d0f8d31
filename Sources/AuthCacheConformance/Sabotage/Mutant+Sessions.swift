internal import AuthCache

extension Mutant {
  static let sessions: [Mutant] = [
    Mutant("refresh-tokens-find-nothing", "One alias is not indexed.", boundTo: "session.alias.finds") {
      call, _, proceed async throws(AuthCacheError) in
      if case .load(let lookup) = call, lookup.field == .refreshToken { return .record(nil) }
      return try await proceed(call)
    },
    Mutant("one-index-for-all", "All digests share one index.", boundTo: "session.alias.fieldsApart") {
      call, _, proceed async throws(AuthCacheError) in
      guard case .load(let lookup) = call else { return try await proceed(call) }
      for field in Lookup.Field.allCases {
        let other = Lookup(kind: lookup.kind, field: field, digest: lookup.digest)
        if case .record(let record?) = try await proceed(.load(other)) { return .record(record) }
      }
      return .record(nil)
    },
    oldAliases("store", boundTo: "session.alias.storeDropsOld") { call in
      if case .store(let record) = call { record } else { nil }
    },
    oldAliases("replace", boundTo: "session.alias.replaceDropsOld") { call in
      if case .replace(_, let next) = call { next } else { nil }
    },
    Mutant(
      "aliases-before-comparing", "The aliases are written before the revision is compared.",
      boundTo: "session.alias.failedReplace"
    ) { environment in
      let aliases = Memo<[RecordDigest: Lookup]>([:])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        if case .replace(_, let next) = call {
          aliases.with { for alias in next.aliases.all { $0[alias.digest] = next.id } }
        }
        if case .load(let lookup) = call, lookup.field != .id, let id = aliases.with({ $0[lookup.digest] }) {
          return try await proceed(.load(id))
        }
        return try await proceed(call)
      }
    },
    Mutant("consume-by-alias-leaves-it", "Consuming by an alias covers one index.", boundTo: "session.alias.consume") {
      call, _, proceed async throws(AuthCacheError) in
      guard case .consume(let lookup) = call, lookup.field != .id else { return try await proceed(call) }
      return try await proceed(.load(lookup))
    },
    Mutant("remove-by-alias-leaves-it", "Removal by an alias covers one index.", boundTo: "session.alias.remove") {
      call, _, proceed async throws(AuthCacheError) in
      guard case .remove(let lookup) = call, lookup.field != .id else { return try await proceed(call) }
      return .flag(try await proceed(.load(lookup)) != .record(nil))
    },
    Mutant("extend-knows-the-id-alone", "Extend does not look at aliases.", boundTo: "session.alias.extend") {
      call, _, proceed async throws(AuthCacheError) in
      if case .extend(let lookup, _) = call, lookup.field != .id { return .flag(false) }
      return try await proceed(call)
    },
    evicting("store", "INSERT OR REPLACE on a table with several unique keys."),
    evicting("insert", "The holder of the alias gives way."),
    evicting("replace", "The holder of the alias gives way to a save."),
    Mutant("expired-holder-blocks", "A unique index knows nothing of expiry.", boundTo: "session.alias.expiredHolder") {
      environment in
      let holders = Memo<[RecordDigest: Lookup]>([:])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        guard case .store(let record) = call else { return try await proceed(call) }
        for alias in record.aliases.all {
          if let holder = holders.with({ $0[alias.digest] }), holder != record.id {
            throw AuthCacheError(.conflict, operation: .store, kind: record.kind, "the alias is taken")
          }
        }
        let answer = try await proceed(call)
        holders.with { for alias in record.aliases.all { $0[alias.digest] = record.id } }
        return answer
      }
    },
    Mutant("aliases-without-kind", "The alias index lacks the kind.", boundTo: "session.alias.kindsApart") {
      environment in
      let holders = Memo<[RecordDigest: RecordKind]>([:])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        guard case .store(let record) = call, let token = record.aliases.accessToken else {
          return try await proceed(call)
        }
        if let kind = holders.with({ $0[token] }), kind != record.kind {
          throw AuthCacheError(.conflict, operation: .store, kind: record.kind, "the alias is taken")
        }
        holders.with { $0[token] = record.kind }
        return try await proceed(call)
      }
    },
    Mutant("own-alias-is-taken", "A record's own alias counts as another's.", boundTo: "session.alias.restore") {
      call, _, proceed async throws(AuthCacheError) in
      guard case .store(let record) = call, let token = record.aliases.accessToken,
        try await proceed(.load(.accessToken(token, kind: record.kind))) != .record(nil)
      else { return try await proceed(call) }
      throw AuthCacheError(.conflict, operation: .store, kind: record.kind, "the alias is taken")
    },
    Mutant("aliases-are-never-freed", "An index entry outlives its record.", boundTo: "session.alias.freed") {
      environment in
      let holders = Memo<[RecordDigest: RecordDigest]>([:])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        guard case .store(let record) = call, let token = record.aliases.refreshToken else {
          return try await proceed(call)
        }
        if let holder = holders.with({ $0[token] }), holder != record.digest {
          throw AuthCacheError(.conflict, operation: .store, kind: record.kind, "the alias is taken")
        }
        holders.with { $0[token] = record.digest }
        return try await proceed(call)
      }
    },
    Mutant(
      "no-alias-is-an-alias", "A missing alias is stored as an empty one under a unique index.",
      boundTo: "session.alias.oneOnly"
    ) { environment in
      let holder = Memo<RecordDigest?>(nil)
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        guard case .store(let record) = call, record.kind == .session, record.aliases.refreshToken == nil else {
          return try await proceed(call)
        }
        if let other = holder.with({ $0 }), other != record.digest {
          throw AuthCacheError(.conflict, operation: .store, kind: record.kind, "the empty alias is taken")
        }
        holder.with { $0 = record.digest }
        return try await proceed(call)
      }
    },
    Mutant(
      "row-ends-with-access-token", "The row's expiry is the access token's.", boundTo: "session.expiry.isOwn",
      alsoBreaks: ["refresh.session.outlivesAccess"]
    ) {
      call, clock, proceed async throws(AuthCacheError) in
      func capped(_ record: Record) -> Record {
        guard record.kind == .session, let end = record.expiresAt else { return record }
        return record.replacing(revision: record.revision, expiresAt: .some(min(end, clock.now + .seconds(300))))
      }
      return switch call {
      case .store(let record): try await proceed(.store(capped(record)))
      case .insert(let record): try await proceed(.insert(capped(record)))
      default: try await proceed(call)
      }
    },
  ]

  /// The old aliases of a record that was written anew still find it.
  private static func oldAliases(
    _ operation: String, boundTo id: String, written: @escaping @Sendable (BackendCall) -> Record?
  ) -> Mutant {
    Mutant("\(operation)-keeps-old-aliases", "The old alias rows are not removed.", boundTo: id) { environment in
      let old = Memo<[RecordDigest: Lookup]>([:])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        if let next = written(call), case .record(let before?) = try await proceed(.load(next.id)) {
          old.with { for alias in before.aliases.all { $0[alias.digest] = next.id } }
        }
        let answer = try await proceed(call)
        guard case .load(let lookup) = call, lookup.field != .id, answer == .record(nil),
          let id = old.with({ $0[lookup.digest] })
        else { return answer }
        return try await proceed(.load(id))
      }
    }
  }

  /// On a conflict the holder of the alias is removed and the write repeated.
  private static func evicting(_ operation: String, _ mistake: String) -> Mutant {
    Mutant("\(operation)-evicts-the-holder", mistake, boundTo: "session.conflict.\(operation)") {
      call, _, proceed async throws(AuthCacheError) in
      let record: Record
      switch call {
      case .store(let written) where operation == "store": record = written
      case .insert(let written) where operation == "insert": record = written
      case .replace(_, let written) where operation == "replace": record = written
      default: return try await proceed(call)
      }
      do throws(AuthCacheError) { return try await proceed(call) } catch {
        guard error.code == .conflict else { throw error }
        for alias in record.aliases.all {
          _ = try await proceed(.remove(Lookup(kind: record.kind, field: alias.field, digest: alias.digest)))
        }
        return try await proceed(call)
      }
    }
  }
}
