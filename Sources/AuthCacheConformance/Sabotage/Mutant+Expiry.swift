internal import AuthCache

extension Mutant {
  static let expiry: [Mutant] = lenient + ends + sweeps

  /// One operation each has a liveness test of its own, or none.
  private static let lenient: [Mutant] = [
    lingering("load") { call, old in
      guard case .load(let lookup) = call, lookup.field == .id, let record = old(lookup) else { return nil }
      return .record(record)
    },
    lingering("consume") { call, old in
      guard case .consume(let lookup) = call, lookup.field == .id, let record = old(lookup) else { return nil }
      return .record(record)
    },
    lingering("remove") { call, old in
      guard case .remove(let lookup) = call, old(lookup) != nil else { return nil }
      return .flag(true)
    },
    lingering("replace") { call, old in
      guard case .replace(let current, _) = call, old(current.id) != nil else { return nil }
      return .flag(true)
    },
    lingering("extend") { call, old in
      guard case .extend(let lookup, _) = call, lookup.field == .id, old(lookup) != nil else { return nil }
      return .flag(true)
    },
    lingering("insert") { call, old in
      guard case .insert(let record) = call, old(record.id) != nil else { return nil }
      return .flag(false)
    },
    lingering("store") { call, old in
      guard case .store(let record) = call, old(record.id) != nil else { return nil }
      return .done
    },
    lingering("bulkLoad") { call, old in
      guard case .loadContents(let lookups) = call, lookups.contains(where: { old($0) != nil }) else { return nil }
      return .found(lookups.map(old))
    },
    lingering("bulkRemove") { call, old in
      guard case .removeContents(let lookups) = call, lookups.contains(where: { old($0) != nil }) else { return nil }
      return .flags(lookups.map { old($0) != nil })
    },
    lingering("alias") { call, old in
      guard case .load(let lookup) = call, lookup.field != .id, let record = old(lookup) else { return nil }
      return .record(record)
    },
    Mutant("listing-shows-the-dead", "The listing has no liveness test.", boundTo: "expiry.instant.list") {
      environment in
      let stored = Memo<[Record]>([])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        if case .store(let record) = call { stored.with { $0.append(record) } }
        let answer = try await proceed(call)
        guard case .records(let kind, nil, _) = call, case .page(let page) = answer else { return answer }
        let dead = stored.with { $0.filter { $0.kind == kind && !$0.isLive(at: environment.clock.now) } }
        return .page(page + dead)
      }
    },
    Mutant("group-counts-the-dead", "Group removal counts rows and not live records.", boundTo: "expiry.instant.group")
    { environment in
      let stored = Memo<[Record]>([])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        if case .store(let record) = call { stored.with { $0.append(record) } }
        let answer = try await proceed(call)
        guard case .removeAll(let group) = call, case .count(let count) = answer else { return answer }
        let now = environment.clock.now
        let dead = stored.with { $0.filter { $0.groups[group.role] == group.digest && !$0.isLive(at: now) } }
        return .count(count + dead.count)
      }
    },
  ]

  private static let ends: [Mutant] = [
    Mutant("ends-a-second-early", "A margin is taken off every life.", boundTo: "expiry.instant.before") {
      call, clock, proceed async throws(AuthCacheError) in
      let answer = try await proceed(call)
      guard case .load = call, case .record(let record?) = answer else { return answer }
      return .record(record.isLive(at: clock.now + .seconds(1)) ? record : nil)
    },
    Mutant("expired-writes-are-skipped", "A write with a past end is left out.", boundTo: "expiry.store.alreadyExpired")
    {
      call, clock, proceed async throws(AuthCacheError) in
      if case .store(let record) = call, !record.isLive(at: clock.now) { return .done }
      return try await proceed(call)
    },
    Mutant("never-is-a-year", "What has no end is given one.", boundTo: "expiry.never.lives") {
      call, clock, proceed async throws(AuthCacheError) in
      let answer = try await proceed(call)
      guard case .load = call, case .record(let record?) = answer, record.expiresAt == nil else { return answer }
      return .record(record.createdAt + .seconds(31_536_000) > clock.now ? record : nil)
    },
    Mutant("extend-can-shorten", "The new end is written without comparing.", boundTo: "expiry.extend.monotone") {
      call, _, proceed async throws(AuthCacheError) in
      guard case .extend(let lookup, let end) = call, case .record(let record?) = try await proceed(.load(lookup)),
        let old = record.expiresAt, end < old
      else { return try await proceed(call) }
      _ = try await proceed(.store(record.replacing(revision: record.revision, expiresAt: .some(end))))
      return .flag(true)
    },
    Mutant(
      "extend-uses-another-key", "Extend builds its key differently from store, and says nothing.",
      boundTo: "expiry.extend.counts"
    ) {
      call, _, proceed async throws(AuthCacheError) in
      guard case .extend(let lookup, _) = call else { return try await proceed(call) }
      return .flag(try await proceed(.load(lookup)) != .record(nil))
    },
    Mutant("extend-is-an-upsert", "Extend inserts what it does not find.", boundTo: "expiry.extend.absent") {
      call, clock, proceed async throws(AuthCacheError) in
      let answer = try await proceed(call)
      guard case .extend(let lookup, let end) = call, lookup.field == .id, answer == .flag(false) else { return answer }
      let empty = Record(
        kind: lookup.kind, digest: lookup.digest, revision: 0, createdAt: clock.now, expiresAt: end,
        payload: Payload.empty)
      _ = try await proceed(.store(empty))
      return .flag(true)
    },
    Mutant(
      "extend-gives-an-end", "The larger of nothing and an end is taken to be the end.", boundTo: "expiry.extend.never"
    ) {
      call, _, proceed async throws(AuthCacheError) in
      guard case .extend(let lookup, let end) = call, case .record(let record?) = try await proceed(.load(lookup)),
        record.expiresAt == nil
      else { return try await proceed(call) }
      _ = try await proceed(.store(record.replacing(revision: record.revision, expiresAt: .some(end))))
      return .flag(true)
    },
  ]

  private static let sweeps: [Mutant] = [
    Mutant("nobody-sweeps", "The sweep finds nothing.", boundTo: "expiry.sweep.removes") {
      call, _, proceed async throws(AuthCacheError) in
      if case .removeExpired(let cutoff, let limit) = call, limit > 0 {
        _ = try await proceed(.removeExpired(through: cutoff, limit: 0))
        return .expired([:])
      }
      return try await proceed(call)
    },
    Mutant("sweep-uses-now", "The sweep uses its own now instead of the cutoff.", boundTo: "expiry.sweep.cutoff") {
      call, clock, proceed async throws(AuthCacheError) in
      guard case .removeExpired(let cutoff, let limit) = call, cutoff <= clock.now else {
        return try await proceed(call)
      }
      return try await proceed(.removeExpired(through: clock.now, limit: limit))
    },
    Mutant("sweep-without-limit", "One huge delete.", boundTo: "expiry.sweep.limit") {
      call, _, proceed async throws(AuthCacheError) in
      guard case .removeExpired(let cutoff, let limit) = call, limit >= 0 else { return try await proceed(call) }
      return try await proceed(.removeExpired(through: cutoff, limit: .max))
    },
    Mutant(
      "sweep-by-old-index", "The sweep deletes by an index entry that is out of date.",
      boundTo: "expiry.sweep.sparesLive"
    ) { environment in
      let index = Memo<[Lookup: Timestamp]>([:])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        if case .store(let record) = call, let end = record.expiresAt {
          index.with { $0[record.id] = $0[record.id] ?? end }
        }
        let answer = try await proceed(call)
        guard case .removeExpired(let cutoff, _) = call else { return answer }
        for (lookup, end) in index.with({ $0 }) where end <= cutoff { _ = try await proceed(.remove(lookup)) }
        return answer
      }
    },
    Mutant("sweep-into-the-future", "The cutoff is taken as it comes.", boundTo: "expiry.sweep.future") {
      call, clock, proceed async throws(AuthCacheError) in
      guard case .removeExpired(let cutoff, let limit) = call, cutoff > clock.now else {
        return try await proceed(call)
      }
      return try await proceed(.removeExpired(through: clock.now, limit: limit))
    },
    Mutant("negative-is-unlimited", "A negative limit means no limit.", boundTo: "expiry.sweep.negativeLimit") {
      call, _, proceed async throws(AuthCacheError) in
      guard case .removeExpired(let cutoff, let limit) = call, limit < 0 else { return try await proceed(call) }
      return try await proceed(.removeExpired(through: cutoff, limit: .max))
    },
    Mutant("sweep-leaves-the-alias", "The alias of a swept record stays taken.", boundTo: "expiry.sweep.aliases") {
      environment in
      let aliases = Memo<[RecordDigest: (id: RecordDigest, end: Timestamp)]>([:])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        if case .store(let record) = call, let token = record.aliases.accessToken, let end = record.expiresAt {
          if let holder = aliases.with({ $0[token] }), holder.id != record.digest, holder.end <= environment.clock.now {
            throw AuthCacheError(.conflict, operation: .store, kind: record.kind, "a ghost holds the alias")
          }
          aliases.with { $0[token] = (record.digest, end) }
        }
        return try await proceed(call)
      }
    },
    Mutant(
      "sweep-counts-what-it-found", "The sweep counts what it found and not what it deleted.",
      boundTo: "expiry.sweep.once"
    ) {
      call, _, proceed async throws(AuthCacheError) in
      let answer = try await proceed(call)
      guard case .removeExpired = call, case .expired(let counts) = answer else { return answer }
      return .expired(counts + counts)
    },
  ]

  /// An operation that still answers from a record which has ended.
  private static func lingering(
    _ operation: String, answer: @escaping @Sendable (BackendCall, (Lookup) -> Record?) -> BackendAnswer?
  ) -> Mutant {
    Mutant(
      "\(operation)-answers-from-the-dead", "This operation has no liveness test.",
      boundTo: "expiry.instant.\(operation)"
    ) { environment in
      let stored = Memo<[Lookup: Record]>([:])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        let now = environment.clock.now
        let old = stored.with { $0 }
        if let wrong = answer(call, { lookup in old[lookup].flatMap { $0.isLive(at: now) ? nil : $0 } }) {
          return wrong
        }
        if case .store(let record) = call { stored.with { for lookup in record.lookups { $0[lookup] = record } } }
        return try await proceed(call)
      }
    }
  }
}
