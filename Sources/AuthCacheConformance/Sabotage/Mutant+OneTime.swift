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
      "consumers-exclude-only-each-other", "Consumers wait for each other, and a remove comes in between.",
      boundTo: "code.consume.orRemove", alsoBreaks: [linearizable]
    ) { environment in
      let claimed = Memo<Set<Lookup>>([])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        guard case .consume(let lookup) = call, lookup.kind == .code else { return try await proceed(call) }
        guard claimed.with({ $0.insert(lookup).inserted }) else { return .record(nil) }
        defer { claimed.with { _ = $0.remove(lookup) } }
        let read = try await proceed(.load(lookup))
        await Task.yield()
        _ = try await proceed(.remove(lookup))
        return read
      }
    },
  ]
}
