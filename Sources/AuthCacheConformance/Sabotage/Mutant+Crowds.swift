internal import AuthCache

extension Mutant {
  static let crowds: [Mutant] = [
    Mutant(
      "sweep-deletes-by-key", "Expired ids are selected in one call and deleted in another, without the expiry test.",
      boundTo: "expiry.sweep.besideWriters", alsoBreaks: ["expiry.sweep.sparesLive"]
    ) { environment in
      let ends = Memo<[Lookup: Timestamp]>([:])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        if case .store(let record) = call { ends.with { $0[record.id] = record.expiresAt } }
        guard case .removeExpired(let cutoff, _) = call else { return try await proceed(call) }
        let expired = ends.with { $0.filter { $0.value <= cutoff }.map(\.key) }
        let answer = try await proceed(call)
        for lookup in expired {
          await Task.yield()
          _ = try await proceed(.remove(lookup))
        }
        return answer
      }
    },
    Mutant(
      "merged-inserts-are-all-told-yes", "Inserts that are made together are answered as if each had written its row.",
      boundTo: "record.insert.amongOthers", alsoBreaks: ["record.insert.oneWinner", linearizable]
    ) { environment in
      let underWay = Memo(0)
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        guard case .insert = call else { return try await proceed(call) }
        underWay.with { $0 += 1 }
        defer { underWay.with { $0 -= 1 } }
        for _ in 0..<8 { await Task.yield() }
        let answer = try await proceed(call)
        return underWay.with { $0 } > 1 ? .flag(true) : answer
      }
    },
    .journal(
      "sweep-counts-for-others", "A sweeper counts what went while it ran, whoever removed it.",
      boundTo: "expiry.sweep.onceAcrossHandles", alsoBreaks: ["expiry.sweep.once"]
    ) { environment in
      let total = Memo(ExpiredCounts())
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        guard case .removeExpired = call else { return try await proceed(call) }
        let before = total.with { $0 }
        await Task.yield()
        guard case .expired(let own) = try await proceed(call) else { return .expired([:]) }
        let after = total.with { total in
          total += own
          return total
        }
        var counts = ExpiredCounts()
        for (kind, count) in after.byKind { counts.add(count - before[kind], of: kind) }
        return .expired(counts)
      }
    },
    Mutant(
      "group-removed-one-by-one", "The members of a group are removed one by one.", boundTo: "group.removeAll.oneUnit",
      alsoBreaks: [linearizable]
    ) { environment in
      let members = Memo<[Group: Set<Lookup>]>([:])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        if case .store(let record) = call {
          members.with { for group in record.groups.all { $0[group, default: []].insert(record.id) } }
        }
        if case .removeAll(let group) = call {
          var count = 0
          for lookup in members.with({ $0[group] ?? [] }) {
            // Stored anew since, without the group, it is no member any more.
            guard case .record(let found?) = try await proceed(.load(lookup)), found.groups.all.contains(group) else {
              continue
            }
            if try await proceed(.remove(lookup)) == .flag(true) { count += 1 }
            await Task.yield()
          }
          guard case .count(let rest) = try await proceed(call) else { return .count(count) }
          return .count(count + rest)
        }
        return try await proceed(call)
      }
    },
    Mutant(
      "bulk-stores-one-by-one", "A bulk store is a loop of single ones.", boundTo: "bulk.store.besideBulk",
      alsoBreaks: [linearizable]
    ) { call, _, proceed async throws(AuthCacheError) in
      guard case .storeContents(let records) = call, records.allSatisfy(\.aliases.isEmpty),
        records.allSatisfy({ $0.payload.count < 65_536 })
      else { return try await proceed(call) }
      // Also where there is nothing to store, a closed backend must say so.
      if records.isEmpty { return try await proceed(call) }
      for record in records {
        _ = try await proceed(.store(record))
        await Task.yield()
      }
      return .done
    },
  ]
}
