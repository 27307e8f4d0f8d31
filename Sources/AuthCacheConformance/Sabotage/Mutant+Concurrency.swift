internal import AuthCache

extension Mutant {
  static let concurrency: [Mutant] = histories + races + handles + staleness + crowds

  private static let races: [Mutant] = [
    Mutant(
      "insert-loads-then-stores", "Presence is tested in one call and the record is written in another.",
      boundTo: "record.insert.oneWinner", alsoBreaks: [linearizable]
    ) { call, _, proceed async throws(AuthCacheError) in
      guard case .insert(let record) = call else { return try await proceed(call) }
      guard try await proceed(.load(record.id)) == .record(nil) else { return .flag(false) }
      await Task.yield()
      _ = try await proceed(.store(record))
      return .flag(true)
    },
    Mutant(
      "replace-compares-then-stores", "The revision is compared in one call and the record is written in another.",
      boundTo: "session.replace.oneWinner",
      alsoBreaks: [linearizable, "session.replace.neverUndoesRemoval", "code.redeem.once"]
    ) { call, _, proceed async throws(AuthCacheError) in
      guard case .replace(let current, let next) = call, current.id == next.id else { return try await proceed(call) }
      guard case .record(let found?) = try await proceed(.load(current.id)), found.revision == current.revision else {
        return .flag(false)
      }
      await Task.yield()
      _ = try await proceed(.store(next))
      return .flag(true)
    },
    Mutant(
      "replace-repairs-a-removal", "A save that finds its record gone afterwards writes it once more.",
      boundTo: "session.replace.neverUndoesRemoval", alsoBreaks: [linearizable]
    ) { call, _, proceed async throws(AuthCacheError) in
      let answer = try await proceed(call)
      guard case .replace(_, let next) = call, answer == .flag(true) else { return answer }
      await Task.yield()
      if try await proceed(.load(next.id)) == .record(nil) { _ = try await proceed(.store(next)) }
      return answer
    },
    Mutant(
      "extend-loads-then-stores", "To extend, the record is read in one call and written back in another.",
      boundTo: "session.extend.neverRevives", alsoBreaks: [linearizable]
    ) { call, _, proceed async throws(AuthCacheError) in
      guard case .extend(let lookup, let end) = call else { return try await proceed(call) }
      guard case .record(let found?) = try await proceed(.load(lookup)) else { return .flag(false) }
      await Task.yield()
      _ = try await proceed(.store(found.extended(to: end)))
      return .flag(true)
    },
    Mutant(
      "store-in-two-statements", "The payload is written by a statement of its own.",
      boundTo: "record.store.neverMixed", alsoBreaks: [linearizable, "record.load.neverTorn"]
    ) { call, _, proceed async throws(AuthCacheError) in
      guard case .store(let record) = call, record.payload.count <= 1 << 20,
        case .record(let there?) = try await proceed(.load(record.id))
      else { return try await proceed(call) }
      _ = try await proceed(.store(record.replacing(revision: record.revision, payload: there.payload)))
      for _ in 0...(record.revision % 8) { await Task.yield() }
      if case .record(let now?) = try await proceed(.load(record.id)) {
        _ = try await proceed(.store(now.replacing(revision: now.revision, payload: record.payload)))
      }
      return .done
    },
    Mutant(
      "load-in-two-statements", "The payload is read by a statement of its own.", boundTo: "record.load.neverTorn",
      alsoBreaks: [linearizable, "code.redeem.once", "lifecycle.sweep.drains"]
    ) { call, _, proceed async throws(AuthCacheError) in
      guard case .load(let lookup) = call, case .record(let first?) = try await proceed(call) else {
        return try await proceed(call)
      }
      await Task.yield()
      guard case .record(let second?) = try await proceed(.load(lookup)) else { return .record(first) }
      return .record(first.replacing(revision: first.revision, payload: second.payload))
    },
    Mutant(
      "consume-locks-the-digest", "What is locked is the digest in the call and not the record.",
      boundTo: "session.consume.onceByAnyAlias", alsoBreaks: [linearizable, "code.consume.orRemove"]
    ) { environment in
      let underWay = Memo<Set<Lookup>>([])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        guard case .consume(let lookup) = call else { return try await proceed(call) }
        guard underWay.with({ $0.insert(lookup).inserted }) else { return .record(nil) }
        defer { underWay.with { _ = $0.remove(lookup) } }
        let found = try await proceed(.load(lookup))
        await Task.yield()
        _ = try await proceed(.remove(lookup))
        return found
      }
    },
    Mutant(
      "insert-takes-the-alias", "That the alias is free is tested in one call, and its holder is replaced in another.",
      boundTo: "session.insert.oneHolder"
    ) { call, _, proceed async throws(AuthCacheError) in
      guard case .insert(let record) = call, let token = record.aliases.accessToken else {
        return try await proceed(call)
      }
      let alias = Lookup.accessToken(token, kind: record.kind)
      let isFree = try await proceed(.load(alias)) == .record(nil)
      await Task.yield()
      do throws(AuthCacheError) { return try await proceed(call) } catch {
        guard isFree, error.code == .conflict else { throw error }
        _ = try await proceed(.remove(alias))
        return try await proceed(call)
      }
    },
  ]

  private static let handles: [Mutant] = [
    .journal(
      "consume-locks-the-handle", "What makes the consumption atomic is a lock inside the handle.",
      boundTo: "code.consume.onceAcrossHandles",
      alsoBreaks: [
        "code.consume.onceAcrossProcesses", "code.consume.orRemove", linearizable, linearizableAcrossHandles,
        linearizableAcrossProcesses,
      ]
    ) { environment in
      ConsumeUnderLock(underWay: Memo([]), namespace: environment.namespace)
    },
    .journal(
      "handle-remembers-misses", "A handle remembers what it did not find.",
      boundTo: "record.store.visibleAcrossHandles",
      alsoBreaks: [linearizableAcrossHandles, linearizableAcrossProcesses]
    ) { environment in
      let missing = Memo<Set<Lookup>>([])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        if case .load(let lookup) = call {
          if missing.with({ $0.contains(lookup) }) { return .record(nil) }
          let answer = try await proceed(call)
          if answer == .record(nil) { missing.with { _ = $0.insert(lookup) } }
          return answer
        }
        let answer = try await proceed(call)
        missing.with { $0.removeAll() }
        return answer
      }
    },
    .journal(
      "handle-remembers-hits", "A handle remembers what it found.", boundTo: "record.remove.goneAcrossHandles",
      alsoBreaks: [
        "record.store.visibleAcrossHandles", "group.removeAll.oneUnit", linearizable, linearizableAcrossHandles,
        linearizableAcrossProcesses,
      ]
    ) { environment in
      let found = Memo<[Lookup: Record]>([:])
      return Sabotage(on: environment) { call, clock, proceed async throws(AuthCacheError) in
        if case .load(let lookup) = call {
          if let record = found.with({ $0[lookup] }), record.isLive(at: clock.now) { return .record(record) }
          let answer = try await proceed(call)
          if case .record(let record?) = answer { found.with { $0[lookup] = record } }
          return answer
        }
        let answer = try await proceed(call)
        found.with { $0.removeAll() }
        return answer
      }
    },
    .journal(
      "consume-locks-the-process", "What makes the consumption atomic is a lock inside the process.",
      boundTo: "code.consume.onceAcrossProcesses",
      alsoBreaks: ["code.consume.orRemove", linearizable, linearizableAcrossHandles, linearizableAcrossProcesses]
    ) { environment in
      ConsumeUnderLock(underWay: ConsumeUnderLock.ofThisProcess, namespace: environment.namespace)
    },
  ]

  static let linearizable = "record.history.linearizable"
  static let linearizableAcrossHandles = "record.history.linearizableAcrossHandles"
  static let linearizableAcrossProcesses = "record.history.linearizableAcrossProcesses"
}

/// Reads and then deletes, and lets nobody consume meanwhile who sees the same lock.
private struct ConsumeUnderLock: BackendInterceptor {
  /// The namespaces in which somebody consumes.
  static let ofThisProcess = Memo<Set<String>>([])

  let underWay: Memo<Set<String>>
  let namespace: String

  func intercept(_ call: BackendCall, proceed: BackendProceed) async throws(AuthCacheError) -> BackendAnswer {
    guard case .consume(let lookup) = call else { return try await proceed(call) }
    while !underWay.with({ $0.insert(namespace).inserted }) { await Task.yield() }
    defer { underWay.with { _ = $0.remove(namespace) } }
    let found = try await proceed(.load(lookup))
    // As long as a round trip to a server, so that another process gets its turn on a busy machine too.
    if found != .record(nil) { try? await Task.sleep(for: .microseconds(300)) }
    _ = try await proceed(.remove(lookup))
    return found
  }
}
