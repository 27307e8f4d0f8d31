internal import AuthCache

extension Mutant {
  static let redemption: [Mutant] = [
    Mutant(
      "inserted-sessions-lose-the-refresh-token", "The conditional write leaves one column out.",
      boundTo: "code.redeem.issues"
    ) {
      call, _, proceed async throws(AuthCacheError) in
      guard case .insert(let record) = call, record.kind == .session else { return try await proceed(call) }
      let aliases = Aliases(accessToken: record.aliases.accessToken)
      return try await proceed(.insert(record.replacing(revision: record.revision, aliases: aliases)))
    },
    Mutant(
      "spending-a-code-compares-then-stores", "The revision of a code is compared in one call and written in another.",
      boundTo: "code.redeem.once", alsoBreaks: ["code.redeem.revokedMeanwhile"]
    ) {
      call, _, proceed async throws(AuthCacheError) in
      guard case .replace(let current, let next) = call, next.kind == .code, current.id == next.id else {
        return try await proceed(call)
      }
      guard case .record(let found?) = try await proceed(.load(next.id)), found.revision == current.revision else {
        return .flag(false)
      }
      await Task.yield()
      _ = try await proceed(.store(next))
      return .flag(true)
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
      "old-codes-are-archived", "Codes of more than a minute move to an archive that is off line.",
      boundTo: "code.redeem.expires", alsoBreaks: ["code.redeem.remembersReplay"]
    ) {
      call, clock, proceed async throws(AuthCacheError) in
      let answer = try await proceed(call)
      guard case .load(let lookup) = call, lookup.kind == .code, case .record(let record?) = answer,
        record.createdAt + .seconds(60) <= clock.now
      else { return answer }
      throw AuthCacheError(.unavailable, operation: .load, kind: lookup.kind, "the archive is off line")
    },
    Mutant("an-unknown-code-is-a-failure", "No row is taken for a failure.", boundTo: "code.redeem.unknown") {
      call, _, proceed async throws(AuthCacheError) in
      let answer = try await proceed(call)
      guard case .load(let lookup) = call, lookup.kind == .code, answer == .record(nil) else { return answer }
      throw AuthCacheError(.unavailable, operation: .load, kind: lookup.kind, "no row")
    },
    Mutant(
      "revocation-looks-once-and-at-sessions", "A revocation takes the sessions of its moment, and comes only once.",
      boundTo: "code.redeem.revokedMeanwhile", alsoBreaks: [linearizable]
    ) { environment in
      let sessions = Memo<[RecordDigest: [Lookup]]>([:])
      let revoked = Memo<Set<Group>>([])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        if case .insert(let record) = call, record.kind == .session, let grant = record.groups.grant {
          sessions.with { $0[grant, default: []].append(record.id) }
        }
        guard case .removeAll(let group) = call, group.role == .grant else { return try await proceed(call) }
        guard revoked.with({ $0.insert(group).inserted }) else { return .count(0) }
        var count = 0
        for session in sessions.with({ $0[group.digest] ?? [] })
        where try await proceed(.remove(session)) == .flag(true) {
          count += 1
        }
        return .count(count)
      }
    },
  ]
}
