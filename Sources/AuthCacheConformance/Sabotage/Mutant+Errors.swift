internal import AuthCache

extension Mutant {
  static let errors: [Mutant] = refusals + outages + cancellations

  private static let refusals: [Mutant] = [
    Mutant(
      "alias-lookup-finds-nothing", "A backend without aliases answers a lookup by one with nothing.",
      boundTo: "lookup.alias.unsupported"
    ) { name in
      BackendFactory(name) { environment in
        let properties = BackendProperties(aliases: false, durability: .none, shared: false)
        return ReferenceBackend(clock: environment.clock, properties: properties).intercepted(
          by: Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
            if case .load(let lookup) = call, lookup.field != .id { return .record(nil) }
            return try await proceed(call)
          })
      }
    },
    Mutant(
      "bulk-leaves-out-what-is-too-large", "A batch is stored without what is too large.",
      boundTo: "bulk.store.tooLarge"
    ) { call, _, proceed async throws(AuthCacheError) in
      guard case .storeContents(let records) = call else { return try await proceed(call) }
      return try await proceed(.storeContents(records.filter { $0.payload.count <= 1 << 20 }))
    },
    .throwing("error-names-nothing", "Errors do not know what was asked.", boundTo: "error.report.namesOperation") {
      _, error in
      AuthCacheError(error.code, effect: error.effect, operation: "operation", "the operation failed")
    },
  ]

  private static let outages: [Mutant] = [
    .journal("outage-is-absence", "A load that fails finds nothing.", boundTo: "error.outage.isNotAbsence") {
      call, _, proceed async throws(AuthCacheError) in
      guard case .load = call else { return try await proceed(call) }
      do throws(AuthCacheError) { return try await proceed(call) } catch {
        if error.code == .unavailable { return .record(nil) }
        throw error
      }
    },
    .journal("outage-is-for-ever", "A connection that broke is kept.", boundTo: "error.outage.recovers") {
      environment in
      let isBroken = Memo(false)
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        if isBroken.with({ $0 }), case .store = call {
          throw AuthCacheError(.unavailable, operation: .store, kind: call.kind, "the connection is broken")
        }
        do throws(AuthCacheError) { return try await proceed(call) } catch {
          if error.code == .unavailable { isBroken.with { $0 = true } }
          throw error
        }
      }
    },
    .journal(
      "outage-is-made-up-for", "What could not be sent is kept and sent later.", boundTo: "error.outage.effectIsHonest"
    ) { environment in
      let kept = Memo<[Record]>([])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        if case .close = call { return try await proceed(call) }
        do throws(AuthCacheError) {
          let answer = try await proceed(call)
          for record in kept.with({ kept in
            defer { kept = [] }
            return kept
          }) {
            _ = try await proceed(.insert(record))
          }
          return answer
        } catch {
          if case .store(let record) = call, error.code == .unavailable { kept.with { $0.append(record) } }
          throw error
        }
      }
    },
    .journal(
      "corruption-is-absence", "What can't be read is treated as not found.", boundTo: "error.corruption.isNotAbsence",
      alsoBreaks: ["error.corruption.failsClosed"]
    ) { environment in
      let known = Memo<[Lookup: Record]>([:])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        if case .store(let record) = call { known.with { $0[record.id] = record } }
        let answer = try await proceed(call)
        guard case .record(let found?) = answer, let stored = known.with({ $0[found.id] }),
          stored.revision == found.revision, stored.payload != found.payload
        else { return answer }
        return .record(nil)
      }
    },
    .journal(
      "corruption-is-covered-up", "What can't be read is answered out of memory.",
      boundTo: "error.corruption.failsClosed"
    ) { environment in
      let known = Memo<[Lookup: Record]>([:])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        switch call {
        case .store(let record), .insert(let record): known.with { $0[record.id] = record }
        default: break
        }
        let answer = try await proceed(call)
        guard case .record(let found?) = answer, let stored = known.with({ $0[found.id] }),
          stored.revision == found.revision
        else { return answer }
        return .record(found.replacing(revision: found.revision, payload: stored.payload))
      }
    },
  ]

  private static let cancellations: [Mutant] = [
    Mutant(
      "cancelled-after-the-fact", "A cancellation is noticed when the work is done, and reported as without effect.",
      boundTo: "error.cancel.doneOrNotDone"
    ) { call, _, proceed async throws(AuthCacheError) in
      let answer = try await proceed(call)
      if case .close = call { return answer }
      if Task.isCancelled {
        throw AuthCacheError(.cancelled, operation: call.operation, kind: call.kind, "the task was cancelled")
      }
      return answer
    },
    Mutant(
      "cancelled-while-it-goes-on", "Who is cancelled is told that nothing was done, and the work goes on.",
      boundTo: "error.cancel.noneMeansNever"
    ) { call, _, proceed async throws(AuthCacheError) in
      if case .close = call { return try await proceed(call) }
      let cancellation = AuthCacheError(
        .cancelled, operation: call.operation, kind: call.kind, "the task was cancelled")
      if Task.isCancelled { throw cancellation }
      for _ in 0..<8 { await Task.yield() }
      let answer = try await proceed(call)
      if Task.isCancelled { throw cancellation }
      return answer
    },
    Mutant(
      "cancelled-with-its-neighbour", "Callers share one attempt, and its cancellation is theirs.",
      boundTo: "error.cancel.leavesOthersAlone"
    ) { environment in
      let leader = Memo<(isCancelled: Bool, followers: Int)>((false, 0))
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        guard case .load = call else { return try await proceed(call) }
        if Task.isCancelled {
          leader.with { $0.isCancelled = true }
          for _ in 0..<3 { await Task.yield() }
          leader.with { $0.isCancelled = false }
          throw AuthCacheError(.cancelled, operation: call.operation, kind: call.kind, "the task was cancelled")
        }
        if leader.with({ $0.isCancelled }) {
          throw AuthCacheError(.cancelled, operation: call.operation, kind: call.kind, "the attempt was cancelled")
        }
        return try await proceed(call)
      }
    },
    Mutant(
      "cancelled-keeps-its-connection", "A cancelled task keeps its connection.", boundTo: "error.cancel.givesBack"
    ) { environment in
      let free = Memo(100)
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        if case .close = call { return try await proceed(call) }
        let isAdmitted = free.with { free in
          guard free > 0 else { return false }
          free -= 1
          return true
        }
        guard isAdmitted else {
          throw AuthCacheError(.timeout, operation: call.operation, kind: call.kind, "no connection is free")
        }
        if Task.isCancelled {
          throw AuthCacheError(.cancelled, operation: call.operation, kind: call.kind, "the task was cancelled")
        }
        defer { free.with { $0 += 1 } }
        return try await proceed(call)
      }
    },
  ]

  /// A memory backend whose errors are changed on their way out.
  private static func throwing(
    _ name: String, _ mistake: String, boundTo: String,
    change: @escaping @Sendable (BackendCall, AuthCacheError) -> AuthCacheError
  ) -> Mutant {
    Mutant(name, mistake, boundTo: boundTo) { call, _, proceed async throws(AuthCacheError) in
      do throws(AuthCacheError) { return try await proceed(call) } catch { throw change(call, error) }
    }
  }
}
