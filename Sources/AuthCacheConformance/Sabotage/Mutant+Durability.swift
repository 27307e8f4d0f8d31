internal import AuthCache
internal import Synchronization

extension Mutant {
  static let durability: [Mutant] = reopenings + crashes

  private static let reopenings: [Mutant] = [
    .reopening(
      "reopening-finds-an-empty-table", "The table is unlogged.", boundTo: "durability.reopen.findsEverything",
      alsoBreaks: [
        "durability.reopen.changesStay", "durability.reopen.batchIsThere", "backend.close.keepsAcknowledged",
        "durability.crash.acknowledgedSurvives", "durability.crash.consumedStaysConsumed",
        "durability.crash.batchIsWhole",
      ]
    ) { _ in false },
    .reopening(
      "deletions-are-not-logged", "Only what is written is logged, not what is deleted.",
      boundTo: "durability.reopen.consumedStaysConsumed", alsoBreaks: ["durability.crash.consumedStaysConsumed"]
    ) { $0.take == nil },
    .reopening(
      "later-ends-are-not-logged", "A later end is kept in memory.", boundTo: "durability.reopen.changesStay"
    ) { $0.extended == nil },
    .journal(
      "inserts-stay-in-memory", "What is inserted lies in memory, and is gone with it.",
      boundTo: "durability.reopen.insertedIsThere"
    ) { environment in
      let inserted = Memo<[Lookup]>([])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        if case .close = call {
          for id in inserted.with({ $0 }) { _ = try await proceed(.remove(id)) }
        }
        let answer = try await proceed(call)
        if case .insert(let record) = call, answer == .flag(true) { inserted.with { $0.append(record.id) } }
        return answer
      }
    },
    .reopening(
      "group-forgotten-in-memory", "A group is forgotten in memory and not in the store.",
      boundTo: "durability.reopen.groupStaysRemoved"
    ) { $0.group == nil },
    .reopening(
      "bulk-bypasses-the-log", "Of a batch only the first record is logged.",
      boundTo: "durability.reopen.batchIsThere",
      alsoBreaks: ["durability.crash.batchIsWhole", "durability.crash.consumedStaysConsumed"]
    ) { entry in
      entry.put = entry.put.map { Array($0.prefix(1)) }
      return true
    },
  ]

  private static let crashes: [Mutant] = [
    .inChildren(
      "store-acknowledged-from-a-buffer", "A write is acknowledged before it has left the process.",
      boundTo: "durability.crash.acknowledgedSurvives", alsoBreaks: [linearizableAcrossProcesses]
    ) { environment in
      let waiting = Memo<[Record]>([])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        var written = waiting.with { waiting in
          defer { waiting = [] }
          return waiting
        }
        if case .store(let record) = call, written.count < 4 {
          written.append(record)
          let all = written
          waiting.with { $0 = all + $0 }
          return .done
        }
        for record in written { _ = try await proceed(.store(record)) }
        return try await proceed(call)
      }
    },
    .inChildren(
      "extension-acknowledged-from-a-buffer", "Only stores wait until they have left the process.",
      boundTo: "durability.crash.changesSurvive", alsoBreaks: [linearizableAcrossProcesses]
    ) { environment in
      let waiting = Memo<[BackendCall]>([])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        guard case .extend = call else { return try await proceed(call) }
        let due = waiting.with { waiting in
          waiting.append(call)
          defer { if waiting.count > 3 { waiting = [] } }
          return waiting.count > 3 ? waiting : []
        }
        for extend in due { _ = try await proceed(extend) }
        return .flag(true)
      }
    },
    .inChildren(
      "insert-acknowledged-from-a-buffer", "Inserts are acknowledged before they have left the process.",
      boundTo: "durability.crash.changesSurvive", alsoBreaks: [linearizableAcrossProcesses]
    ) { environment in
      let waiting = Memo<[Record]>([])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        let due = waiting.with { waiting in
          if case .insert(let record) = call { waiting.append(record) }
          let isDue =
            switch call {
            case .replace(let current, _): waiting.contains { $0.id == current.id }
            default: waiting.count > 3
            }
          defer { if isDue { waiting = [] } }
          return isDue ? waiting : []
        }
        for record in due { _ = try await proceed(.insert(record)) }
        if case .insert = call { return .flag(true) }
        return try await proceed(call)
      }
    },
    .inChildren(
      "store-in-two-transactions", "One record is written by several statements without a transaction.",
      boundTo: "durability.crash.noHalfRecord", alsoBreaks: [linearizableAcrossProcesses]
    ) { environment in
      Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        guard case .store(let record) = call else { return try await proceed(call) }
        _ = try await proceed(.store(record.replacing(revision: record.revision, payload: .empty)))
        try? await Task.sleep(for: .milliseconds(2))
        return try await proceed(call)
      }
    },
    .inChildren(
      "consume-acknowledged-from-a-buffer", "A deletion is acknowledged before it has left the process.",
      boundTo: "durability.crash.consumedStaysConsumed",
      alsoBreaks: ["code.consume.onceAcrossProcesses", linearizableAcrossProcesses]
    ) { environment in
      let waiting = Memo<[Lookup]>([])
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        let gone = waiting.with { waiting in
          defer { waiting = [] }
          return waiting
        }
        for lookup in gone { _ = try await proceed(.remove(lookup)) }
        guard case .consume(let lookup) = call else { return try await proceed(call) }
        let found = try await proceed(.load(lookup))
        waiting.with { $0.append(lookup) }
        return found
      }
    },
    .inChildren(
      "bulk-in-two-transactions", "A batch is written in more than one transaction.",
      boundTo: "durability.crash.batchIsWhole", alsoBreaks: [linearizableAcrossProcesses]
    ) { environment in
      Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        guard case .storeContents(let records) = call, records.count > 1 else { return try await proceed(call) }
        _ = try await proceed(.storeContents(Array(records.prefix(records.count / 2))))
        try? await Task.sleep(for: .milliseconds(2))
        return try await proceed(.storeContents(Array(records.suffix(records.count - records.count / 2))))
      }
    },
  ]

  /// A journal that loses some of its lines when it is opened again.
  private static func reopening(
    _ name: String, _ mistake: String, boundTo: String, alsoBreaks: Set<String> = [],
    keeping keep: @escaping @Sendable (inout JournalEntry) -> Bool
  ) -> Mutant {
    Mutant(name, mistake, boundTo: boundTo, alsoBreaks: alsoBreaks) { name in
      BackendFactory(journal: name, reopening: { try Journal.rewrite($0, keeping: keep) })
    }
  }

  /// A journal that is sabotaged in child processes only: what such a mistake does shows only when one is killed.
  private static func inChildren(
    _ name: String, _ mistake: String, boundTo: String, alsoBreaks: Set<String>,
    sabotage: @escaping @Sendable (BackendEnvironment) -> any BackendInterceptor
  ) -> Mutant {
    .journal(name, mistake, boundTo: boundTo, alsoBreaks: alsoBreaks) { environment in
      ChildScenario.isPlayed.load(ordering: .acquiring) ? sabotage(environment) : Sabotage(clock: environment.clock)
    }
  }
}
