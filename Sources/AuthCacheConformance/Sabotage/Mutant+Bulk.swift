internal import AuthCache

extension Mutant {
  static let bulk: [Mutant] = [
    storing(
      "bulk-forgets-aliases", "The bulk statement leaves out columns.", boundTo: "bulk.store.equalsLoop",
      alsoBreaks: ["bulk.size.oneUnit"]
    ) { records, proceed async throws(AuthCacheError) in
      try await proceed(.storeContents(records.map { $0.replacing(revision: $0.revision, aliases: Aliases.none) }))
    },
    storing(
      "bulk-first-wins", "Of two with one id the first is kept.", boundTo: "bulk.store.lastWins",
      alsoBreaks: ["bulk.size.lastWins"]
    ) { records, proceed async throws(AuthCacheError) in
      var seen: Set<Lookup> = []
      return try await proceed(.storeContents(records.filter { seen.insert($0.id).inserted }))
    },
    storing(
      "bulk-stops-half-way", "Records are committed one by one.", boundTo: "bulk.store.allOrNothing",
      alsoBreaks: ["bulk.size.oneUnit"]
    ) { records, proceed async throws(AuthCacheError) in
      for record in records { _ = try await proceed(.store(record)) }
      return .done
    },
    storing("bulk-measures-while-writing", "Sizes are checked while writing.", boundTo: "bulk.store.tooLarge") {
      records, proceed async throws(AuthCacheError) in
      guard let large = records.firstIndex(where: { $0.payload.count > 1 << 20 }) else {
        return try await proceed(.storeContents(records))
      }
      _ = try await proceed(.storeContents(Array(records[..<large])))
      return try await proceed(.store(records[large]))
    },
    storing(
      "bulk-trusts-itself", "The batch is compared with the table and not with itself.",
      boundTo: "bulk.store.conflictWithin", alsoBreaks: ["bulk.size.oneUnit"]
    ) { records, proceed async throws(AuthCacheError) in
      var held: Set<RecordDigest> = []
      let trusted = records.map { record in
        record.aliases.all.allSatisfy { held.insert($0.digest).inserted }
          ? record : record.replacing(revision: record.revision, aliases: Aliases.none)
      }
      return try await proceed(.storeContents(trusted))
    },
    storing(
      "bulk-judges-beforehand", "All conflicts are judged before anything is written.", boundTo: "bulk.store.handsOver"
    ) { records, proceed async throws(AuthCacheError) in
      for record in records {
        for alias in record.aliases.all {
          let lookup = Lookup(kind: record.kind, field: alias.field, digest: alias.digest)
          if case .record(let holder?) = try await proceed(.load(lookup)), holder.id != record.id {
            throw AuthCacheError(.conflict, operation: .storeContents, "the alias is taken")
          }
        }
      }
      return try await proceed(.storeContents(records))
    },
    storing(
      "bulk-skips-the-expired", "Expired records are left out of the statement.", boundTo: "bulk.expired.accepted"
    ) { records, proceed async throws(AuthCacheError) in
      let created = records.map(\.createdAt).max() ?? Timestamp(millisecondsSinceEpoch: 0)
      return try await proceed(.storeContents(records.filter { $0.isLive(at: created) }))
    },
    Mutant(
      "bulk-load-in-table-order", "Absent records are left to the end.", boundTo: "bulk.load.order",
      alsoBreaks: ["bulk.size.answersInOrder"]
    ) { call, _, proceed async throws(AuthCacheError) in
      let answer = try await proceed(call)
      guard case .loadContents = call, case .found(let records) = answer else { return answer }
      return .found(records.filter { $0 != nil } + records.filter { $0 == nil })
    },
    Mutant(
      "bulk-remove-counts-calls", "Every removal is answered as if a record went.", boundTo: "bulk.remove.equalsLoop",
      alsoBreaks: ["bulk.fallback.parity", "bulk.size.answersInOrder"]
    ) { call, _, proceed async throws(AuthCacheError) in
      let answer = try await proceed(call)
      guard case .removeContents(let lookups) = call else { return answer }
      return .flags(lookups.map { _ in true })
    },
    Mutant("bulk-remove-repeats", "A repeated lookup is answered as the first was.", boundTo: "bulk.fallback.parity") {
      call, _, proceed async throws(AuthCacheError) in
      let answer = try await proceed(call)
      guard case .removeContents(let lookups) = call, case .flags(let flags) = answer else { return answer }
      return .flags(lookups.map { lookup in zip(lookups, flags).first { $0.0 == lookup }?.1 ?? false })
    },
    Mutant("bulk-of-nothing", "Empty input is a syntax error.", boundTo: "bulk.empty.noOp") {
      call, _, proceed async throws(AuthCacheError) in
      if case .storeContents(let records) = call, records.isEmpty {
        throw AuthCacheError(.unavailable, operation: .storeContents, "syntax error near )")
      }
      return try await proceed(call)
    },
    Mutant(
      "bulk-binds-everything", "One statement binds a parameter for every element.", boundTo: "bulk.size.unlimited"
    ) { call, _, proceed async throws(AuthCacheError) in
      if case .loadContents(let lookups) = call, lookups.count > 32_766 {
        throw AuthCacheError(.unavailable, operation: .loadContents, "too many SQL variables")
      }
      return try await proceed(call)
    },
    storing(
      "bulk-commits-by-the-thousand", "Each statement of a large batch is a transaction of its own.",
      boundTo: "bulk.size.oneUnit"
    ) { records, proceed async throws(AuthCacheError) in
      for part in thousands(records) { _ = try await proceed(.storeContents(part)) }
      return .done
    },
    storing(
      "bulk-sends-side-by-side", "Of the statements of a large batch the last is done first.",
      boundTo: "bulk.size.lastWins"
    ) { records, proceed async throws(AuthCacheError) in
      try await proceed(.storeContents(thousands(records).reversed().flatMap { $0 }))
    },
    Mutant(
      "bulk-answers-as-statements-end", "The answers of a large batch are put together as its statements end.",
      boundTo: "bulk.size.answersInOrder", alsoBreaks: ["bulk.size.unlimited"]
    ) { call, _, proceed async throws(AuthCacheError) in
      switch try await proceed(call) {
      case .found(let records): .found(thousands(records).reversed().flatMap { $0 })
      case let answer: answer
      }
    },
    Mutant(
      "bulk-removals-lose-their-place", "The answers of a large removal are put together as its statements end.",
      boundTo: "bulk.size.answersInOrder"
    ) { call, _, proceed async throws(AuthCacheError) in
      switch try await proceed(call) {
      case .flags(let flags): .flags(thousands(flags).reversed().flatMap { $0 })
      case let answer: answer
      }
    },
  ]

  /// A batch as an engine takes it.
  private static func thousands<Element>(_ batch: [Element]) -> [[Element]] {
    stride(from: 0, to: batch.count, by: 1_000).map { Array(batch[$0..<min($0 + 1_000, batch.count)]) }
  }

  private static func storing(
    _ name: String, _ mistake: String, boundTo id: String, alsoBreaks: Set<String> = [],
    store: @escaping @Sendable ([Record], BackendProceed) async throws(AuthCacheError) -> BackendAnswer
  ) -> Mutant {
    Mutant(name, mistake, boundTo: id, alsoBreaks: alsoBreaks) { call, _, proceed async throws(AuthCacheError) in
      guard case .storeContents(let records) = call else { return try await proceed(call) }
      return try await store(records, proceed)
    }
  }
}
