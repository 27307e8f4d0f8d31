internal import AuthCache

extension Mutant {
  static let oneTime: [Mutant] = [
    Mutant(
      "consume-reads-then-deletes", "The record is read in one call and deleted in another.",
      boundTo: "code.consume.once"
    ) {
      call, _, proceed async throws(AuthCacheError) in
      guard case .consume(let lookup) = call else { return try await proceed(call) }
      let read = try await proceed(.load(lookup))
      await Task.yield()
      _ = try await proceed(.remove(lookup))
      return read
    },
    Mutant(
      "consume-loses-the-payload", "The delete returns the key and not the row.", boundTo: "code.consume.returnsRecord"
    ) {
      call, _, proceed async throws(AuthCacheError) in
      let answer = try await proceed(call)
      guard case .consume = call, case .record(let record?) = answer else { return answer }
      return .record(record.replacing(revision: record.revision, payload: Payload.empty))
    },
    Mutant(
      "consume-forgets-to-delete", "The delete is deferred and never comes.", boundTo: "code.consume.secondFindsNothing"
    ) {
      call, _, proceed async throws(AuthCacheError) in
      guard case .consume(let lookup) = call else { return try await proceed(call) }
      return try await proceed(.load(lookup))
    },
    Mutant("consume-of-nothing-fails", "No row is taken for a failure.", boundTo: "code.consume.absent") {
      call, _, proceed async throws(AuthCacheError) in
      let answer = try await proceed(call)
      guard case .consume(let lookup) = call, answer == .record(nil) else { return answer }
      throw AuthCacheError(.unavailable, operation: .consume, kind: lookup.kind, "no row")
    },
    Mutant("consume-takes-a-neighbour", "The delete matches more than its key.", boundTo: "code.consume.onlyOne") {
      environment in
      let stored = Memo<[Lookup]>([])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        if case .store(let record) = call { stored.with { $0.append(record.id) } }
        if case .consume(let lookup) = call,
          let other = stored.with({ $0.last { $0 != lookup && $0.kind == lookup.kind } })
        {
          _ = try await proceed(.remove(other))
        }
        return try await proceed(call)
      }
    },
    Mutant("remove-answers-from-a-look", "Whether a record went is asked beforehand.", boundTo: "code.remove.once") {
      call, _, proceed async throws(AuthCacheError) in
      guard case .remove(let lookup) = call else { return try await proceed(call) }
      let wasThere = try await proceed(.load(lookup)) != .record(nil)
      await Task.yield()
      _ = try await proceed(call)
      return .flag(wasThere)
    },
    Mutant(
      "spent-codes-are-deleted", "A redeemed code is deleted, so that a replay looks like an unknown code.",
      boundTo: "code.redeem.replayed"
    ) {
      call, _, proceed async throws(AuthCacheError) in
      guard case .replace(let current, let next) = call, next.kind == .code else { return try await proceed(call) }
      let answer = try await proceed(call)
      if answer == .flag(true) { _ = try await proceed(.remove(current.id)) }
      return answer
    },
    Mutant(
      "codes-live-a-minute", "The store caps the life of a code, spent ones included.",
      boundTo: "code.redeem.remembersReplay"
    ) {
      call, clock, proceed async throws(AuthCacheError) in
      func capped(_ record: Record) -> Record {
        guard record.kind == .code, let end = record.expiresAt else { return record }
        return record.replacing(revision: record.revision, expiresAt: .some(min(end, clock.now + .seconds(90))))
      }
      return switch call {
      case .store(let record): try await proceed(.store(capped(record)))
      case .insert(let record): try await proceed(.insert(capped(record)))
      case .replace(let current, let next): try await proceed(.replace(current, with: capped(next)))
      default: try await proceed(call)
      }
    },
    Mutant("codes-burn-on-reading", "A code is consumed before it is checked.", boundTo: "code.redeem.mismatchSpares") {
      call, _, proceed async throws(AuthCacheError) in
      guard case .load(let lookup) = call, lookup.kind == .code else { return try await proceed(call) }
      return try await proceed(.consume(lookup))
    },
    Mutant(
      "spent-tokens-are-not-kept", "That a refresh token is spent is acknowledged and not stored.",
      boundTo: "refresh.rotate.reused"
    ) {
      call, _, proceed async throws(AuthCacheError) in
      guard case .insert(let record) = call, record.kind == .spentRefresh else { return try await proceed(call) }
      return .flag(true)
    },
  ]
}
