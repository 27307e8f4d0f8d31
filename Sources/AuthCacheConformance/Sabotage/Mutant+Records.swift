internal import AuthCache

extension Mutant {
  static let records: [Mutant] = [
    Mutant(
      "store-forgets-groups", "The columns of the groups are left out of the write.", boundTo: "record.store.readable"
    ) {
      call, _, proceed async throws(AuthCacheError) in
      guard case .store(let record) = call else { return try await proceed(call) }
      return try await proceed(.store(record.replacing(revision: record.revision, groups: Groups.none)))
    },
    Mutant(
      "upsert-keeps-creation", "The upsert leaves out a column that it thinks never changes.",
      boundTo: "record.store.replacesWhole"
    ) {
      call, _, proceed async throws(AuthCacheError) in
      guard case .store(let record) = call, case .record(let old?) = try await proceed(.load(record.id)) else {
        return try await proceed(call)
      }
      return try await proceed(.store(record.replacing(revision: record.revision, createdAt: old.createdAt)))
    },
    Mutant("upsert-keeps-later-end", "The upsert keeps the later of the two ends.", boundTo: "record.store.shortens") {
      call, _, proceed async throws(AuthCacheError) in
      guard case .store(let record) = call, case .record(let old?) = try await proceed(.load(record.id)),
        let end = old.expiresAt
      else { return try await proceed(call) }
      return try await proceed(.store(record.extended(to: end)))
    },
    Mutant(
      "insert-denies", "Insert reports the rows that it found, not those that it wrote.",
      boundTo: "record.insert.absent"
    ) {
      call, _, proceed async throws(AuthCacheError) in
      guard case .insert = call else { return try await proceed(call) }
      _ = try await proceed(call)
      return .flag(false)
    },
    Mutant("insert-is-an-upsert", "Insert overwrites what is there.", boundTo: "record.insert.spares") {
      call, _, proceed async throws(AuthCacheError) in
      guard case .insert(let record) = call else { return try await proceed(call) }
      _ = try await proceed(.store(record))
      return .flag(true)
    },
    Mutant("absence-is-an-error", "No row is taken for a failure.", boundTo: "record.load.absent") {
      call, _, proceed async throws(AuthCacheError) in
      let answer = try await proceed(call)
      guard case .load(let lookup) = call, answer == .record(nil) else { return answer }
      throw AuthCacheError(.unavailable, operation: .load, kind: lookup.kind, "no row")
    },
    Mutant("load-takes", "A read removes what it read.", boundTo: "record.load.changesNothing") {
      call, _, proceed async throws(AuthCacheError) in
      guard case .load(let lookup) = call else { return try await proceed(call) }
      return try await proceed(.consume(lookup))
    },
    Mutant("remove-misses", "Remove builds its key differently from store.", boundTo: "record.remove.live") {
      call, _, proceed async throws(AuthCacheError) in
      if case .remove = call { return .flag(false) }
      return try await proceed(call)
    },
    Mutant("remove-of-nothing-fails", "To remove what is absent is an error.", boundTo: "record.remove.absent") {
      call, _, proceed async throws(AuthCacheError) in
      let answer = try await proceed(call)
      guard case .remove(let lookup) = call, answer == .flag(false) else { return answer }
      throw AuthCacheError(.unavailable, operation: .remove, kind: lookup.kind, "no row")
    },
    Mutant("remove-takes-a-neighbour", "Remove matches more than its key.", boundTo: "record.remove.only") {
      environment in
      let stored = Memo<[Lookup]>([])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        if case .store(let record) = call { stored.with { $0.append(record.id) } }
        if case .remove(let lookup) = call,
          let other = stored.with({ $0.last { $0 != lookup && $0.kind == lookup.kind } })
        {
          _ = try await proceed(.remove(other))
        }
        return try await proceed(call)
      }
    },
    Mutant("tombstones-stay", "What was removed once can't be stored again.", boundTo: "record.store.afterRemove") {
      environment in
      let graves = Memo<Set<Lookup>>([])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        switch call {
        case .remove(let lookup): graves.with { _ = $0.insert(lookup) }
        case .store(let record) where graves.with({ $0.contains(record.id) }): return .done
        case .insert(let record) where graves.with({ $0.contains(record.id) }): return .flag(false)
        default: break
        }
        return try await proceed(call)
      }
    },
    Mutant("seconds-for-milliseconds", "Ends are stored in whole seconds.", boundTo: "record.times.exact") {
      call, _, proceed async throws(AuthCacheError) in
      guard case .store(let record) = call, let end = record.expiresAt?.millisecondsSinceEpoch else {
        return try await proceed(call)
      }
      let coarse = Timestamp(millisecondsSinceEpoch: end / 1_000 * 1_000)
      return try await proceed(.store(record.replacing(revision: record.revision, expiresAt: .some(coarse))))
    },
    Mutant("replace-never-matches", "The revision is compared with the next one.", boundTo: "record.replace.matches") {
      call, _, proceed async throws(AuthCacheError) in
      if case .replace = call { return .flag(false) }
      return try await proceed(call)
    },
    Mutant(
      "replace-if-present", "The update asks whether there is a record, not whether it is the same one.",
      boundTo: "record.replace.lateSave"
    ) {
      call, _, proceed async throws(AuthCacheError) in
      guard case .replace(let current, let next) = call, current.id == next.id,
        case .record(let found?) = try await proceed(.load(current.id))
      else { return try await proceed(call) }
      return try await proceed(.replace(found, with: next))
    },
    Mutant("update-by-upsert", "A save that finds nothing inserts.", boundTo: "record.replace.neverInserts") {
      call, _, proceed async throws(AuthCacheError) in
      let answer = try await proceed(call)
      guard case .replace(_, let next) = call, answer == .flag(false) else { return answer }
      return try await proceed(.insert(next))
    },
    Mutant(
      "replace-by-a-stranger", "The identity of the next record is not compared.",
      boundTo: "record.replace.sameIdentity"
    ) {
      call, _, proceed async throws(AuthCacheError) in
      guard case .replace(let current, let next) = call, current.id != next.id else { return try await proceed(call) }
      _ = try await proceed(.store(next))
      return .flag(true)
    },
    Mutant(
      "replace-compares-everything", "The comparison includes what extend changes.",
      boundTo: "record.replace.onlyIdAndRevision"
    ) {
      call, _, proceed async throws(AuthCacheError) in
      guard case .replace(let current, _) = call, case .record(let found?) = try await proceed(.load(current.id)),
        found.expiresAt != current.expiresAt
      else { return try await proceed(call) }
      return .flag(false)
    },
    Mutant("replace-is-deferred", "Replace answers before it writes, and never writes.", boundTo: "code.redeem.crash") {
      call, _, proceed async throws(AuthCacheError) in
      guard case .replace(let current, let next) = call, current.id == next.id else { return try await proceed(call) }
      guard case .record(let found?) = try await proceed(.load(current.id)) else { return .flag(false) }
      return .flag(found.revision == current.revision)
    },
  ]
}
