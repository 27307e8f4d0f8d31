internal import AuthCache

extension Mutant {
  static let rotation: [Mutant] = [
    Mutant(
      "a-replaced-access-token-still-finds", "The index keeps the access token of what was replaced.",
      boundTo: "refresh.rotate.issues"
    ) { environment in
      let kept = Memo<[Lookup: Lookup]>([:])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        let answer = try await proceed(call)
        switch (call, answer) {
        case (.replace(let current, _), .flag(true)):
          if let token = current.aliases.accessToken { kept.with { $0[.accessToken(token)] = current.id } }
        case (.load(let lookup), .record(nil)):
          if let id = kept.with({ $0[lookup] }) { return try await proceed(.load(id)) }
        default: break
        }
        return answer
      }
    },
    Mutant(
      "conditions-are-asked-beforehand", "What a write depends on is asked in one call, and the write is another.",
      boundTo: "refresh.rotate.once", alsoBreaks: [linearizable, "session.replace.oneWinner"]
    ) {
      call, _, proceed async throws(AuthCacheError) in
      let (next, expected): (Record, UInt64?)
      switch call {
      case .insert(let record) where record.kind == .spentRefresh: (next, expected) = (record, nil)
      case .replace(let current, let record) where record.kind == .session && current.id == record.id:
        (next, expected) = (record, current.revision)
      default: return try await proceed(call)
      }
      guard case .record(let found) = try await proceed(.load(next.id)), found?.revision == expected else {
        return .flag(false)
      }
      await Task.yield()
      _ = try await proceed(.store(next))
      return .flag(true)
    },
    Mutant(
      "spent-tokens-are-not-kept", "That a refresh token is spent is acknowledged and not stored.",
      boundTo: "refresh.rotate.reused"
    ) {
      call, _, proceed async throws(AuthCacheError) in
      guard case .insert(let record) = call, record.kind == .spentRefresh else { return try await proceed(call) }
      return .flag(true)
    },
    Mutant(
      "a-token-that-was-never-spent-is-a-failure", "No row is taken for a failure.", boundTo: "refresh.rotate.unknown"
    ) {
      call, _, proceed async throws(AuthCacheError) in
      let answer = try await proceed(call)
      guard case .load(let lookup) = call, lookup.kind == .spentRefresh, answer == .record(nil) else { return answer }
      throw AuthCacheError(.unavailable, operation: .load, kind: lookup.kind, "no row")
    },
    Mutant(
      "a-late-save-wins", "The save asks whether there is a session, and not whether it is the same one.",
      boundTo: "refresh.rotate.lateSave"
    ) {
      call, _, proceed async throws(AuthCacheError) in
      guard case .replace(_, let next) = call, next.kind == .session,
        case .record(let found?) = try await proceed(.load(next.id))
      else { return try await proceed(call) }
      return try await proceed(.replace(found, with: next))
    },
    Mutant(
      "spent-tokens-expire-at-once", "The end of what was spent is taken for the end of its memory.",
      boundTo: "refresh.rotate.crash", alsoBreaks: ["refresh.rotate.reused"]
    ) {
      call, clock, proceed async throws(AuthCacheError) in
      guard case .insert(let record) = call, record.kind == .spentRefresh else { return try await proceed(call) }
      return try await proceed(.insert(record.replacing(revision: record.revision, expiresAt: .some(clock.now))))
    },
    Mutant(
      "sessions-live-five-minutes", "The store caps the life of a session.", boundTo: "refresh.session.outlivesAccess"
    ) {
      call, clock, proceed async throws(AuthCacheError) in
      func capped(_ record: Record) -> Record {
        guard record.kind == .session, let end = record.expiresAt else { return record }
        return record.replacing(revision: record.revision, expiresAt: .some(min(end, clock.now + .seconds(300))))
      }
      return switch call {
      case .store(let record): try await proceed(.store(capped(record)))
      case .insert(let record): try await proceed(.insert(capped(record)))
      case .replace(let current, let next): try await proceed(.replace(current, with: capped(next)))
      default: try await proceed(call)
      }
    },
    Mutant(
      "extending-loses-the-refresh-token", "What is extended is written anew without one of its columns.",
      boundTo: "refresh.session.absoluteEnd"
    ) {
      call, _, proceed async throws(AuthCacheError) in
      let answer = try await proceed(call)
      guard case .extend(let lookup, _) = call, answer == .flag(true),
        case .record(let record?) = try await proceed(.load(lookup)), record.aliases.refreshToken != nil
      else { return answer }
      let aliases = Aliases(accessToken: record.aliases.accessToken)
      _ = try await proceed(.replace(record, with: record.replacing(revision: record.revision, aliases: aliases)))
      return answer
    },
  ]
}
