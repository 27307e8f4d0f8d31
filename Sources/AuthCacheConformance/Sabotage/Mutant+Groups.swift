internal import AuthCache

extension Mutant {
  static let groups: [Mutant] = [
    members("group-removal-of-one-kind", "The removal covers one kind.", boundTo: "group.removeAll.everything") {
      stored, group, proceed async throws(AuthCacheError) in
      try await remove(stored.filter { $0.groups[group.role] == group.digest && $0.kind == .code }, proceed)
    },
    members(
      "group-removal-takes-the-ungrouped", "What has no group counts as a member.", boundTo: "group.removeAll.others"
    ) { stored, group, proceed async throws(AuthCacheError) in
      try await remove(stored.filter { $0.groups[group.role] == group.digest || $0.groups == .none }, proceed)
    },
    members("one-index-for-all-groups", "All groups share one index.", boundTo: "group.removeAll.rolesApart") {
      stored, group, proceed async throws(AuthCacheError) in
      try await remove(stored.filter { $0.groups.all.contains { $0.digest == group.digest } }, proceed)
    },
    members("group-removal-with-a-limit", "The removal stops at a thousand.", boundTo: "group.removeAll.many") {
      stored, group, proceed async throws(AuthCacheError) in
      try await remove(stored.filter { $0.groups[group.role] == group.digest }.prefix(1_000), proceed)
    },
    Mutant("empty-group-is-an-error", "No affected row is taken for a failure.", boundTo: "group.removeAll.empty") {
      call, _, proceed async throws(AuthCacheError) in
      let answer = try await proceed(call)
      guard case .removeAll = call, answer == .count(0) else { return answer }
      throw AuthCacheError(.unavailable, operation: .removeAll, "no row")
    },
    Mutant(
      "groups-are-written-once", "The group index is written on insert alone.", boundTo: "group.membership.follows"
    ) {
      call, _, proceed async throws(AuthCacheError) in
      guard case .store(let record) = call, case .record(let old?) = try await proceed(.load(record.id)) else {
        return try await proceed(call)
      }
      return try await proceed(.store(record.replacing(revision: record.revision, groups: old.groups)))
    },
    Mutant(
      "extend-drops-groups", "Extend writes the record anew without its groups.",
      boundTo: "group.membership.extendKeeps"
    ) {
      call, _, proceed async throws(AuthCacheError) in
      let answer = try await proceed(call)
      guard case .extend(let lookup, _) = call, case .record(let record?) = try await proceed(.load(lookup)) else {
        return answer
      }
      _ = try await proceed(.store(record.replacing(revision: record.revision, groups: Groups.none)))
      return answer
    },
    Mutant(
      "late-save-after-revocation", "A save that finds its session revoked inserts it.",
      boundTo: "group.removeAll.noLateSave"
    ) { environment in
      let revoked = Memo(false)
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        if case .removeAll = call { revoked.with { $0 = true } }
        let answer = try await proceed(call)
        guard case .replace(_, let next) = call, answer == .flag(false), revoked.with({ $0 }) else { return answer }
        return try await proceed(.insert(next))
      }
    },
  ]

  /// Group removal by hand, over everything that was stored.
  private static func members(
    _ name: String, _ mistake: String, boundTo id: String,
    remove: @escaping @Sendable ([Record], Group, BackendProceed) async throws(AuthCacheError) -> Int
  ) -> Mutant {
    Mutant(name, mistake, boundTo: id) { environment in
      let stored = Memo<[Record]>([])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        switch call {
        case .store(let record), .insert(let record): stored.with { $0.append(record) }
        case .storeContents(let records): stored.with { $0 += records }
        case .removeAll(let group): return .count(try await remove(stored.with { $0 }, group, proceed))
        default: break
        }
        return try await proceed(call)
      }
    }
  }

  private static func remove(
    _ records: some Sequence<Record>, _ proceed: BackendProceed
  ) async throws(AuthCacheError) -> Int {
    var count = 0
    for record in records where try await proceed(.remove(record.id)) == .flag(true) { count += 1 }
    return count
  }
}
