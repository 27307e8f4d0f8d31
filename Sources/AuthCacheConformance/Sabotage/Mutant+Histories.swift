internal import AuthCache

extension Mutant {
  static let histories: [Mutant] = [
    Mutant(
      "consume-hands-out-what-it-read", "A consume deletes whatever is there by then, and hands out what it had read.",
      boundTo: linearizable
    ) { environment in
      ConsumeWhatWasRead(namespace: environment.namespace, busy: nil)
    },
    .journal(
      "consume-hands-out-what-it-read-under-a-lock-of-the-handle",
      "A consume reads and deletes under a lock that other handles do not see.", boundTo: linearizableAcrossHandles,
      alsoBreaks: [linearizableAcrossProcesses]
    ) { environment in
      ConsumeWhatWasRead(namespace: environment.namespace, busy: Memo([]))
    },
    .journal(
      "consume-hands-out-what-it-read-under-a-lock-of-the-process",
      "A consume reads and deletes under a lock that other processes do not see.",
      boundTo: linearizableAcrossProcesses
    ) { environment in
      ConsumeWhatWasRead(namespace: environment.namespace, busy: ConsumeWhatWasRead.ofThisProcess)
    },
  ]
}

/// Reads and then deletes, as long as a round trip later. Whoever deletes wins, but hands out what was read before.
private struct ConsumeWhatWasRead: BackendInterceptor {
  static let ofThisProcess = Memo<Set<String>>([])

  let namespace: String
  /// The namespaces in which an operation is under way that no other may come between; nil if there is no such lock.
  let busy: Memo<Set<String>>?

  func intercept(_ call: BackendCall, proceed: BackendProceed) async throws(AuthCacheError) -> BackendAnswer {
    if let busy {
      while !busy.with({ $0.insert(namespace).inserted }) { await Task.yield() }
    }
    defer { busy?.with { _ = $0.remove(namespace) } }
    guard case .consume(let lookup) = call, case .record(let read?) = try await proceed(.load(lookup)) else {
      return try await proceed(call)
    }
    if busy == nil { await Task.yield() } else { try? await Task.sleep(for: .microseconds(200)) }
    return .record(try await proceed(.remove(read.id)) == .flag(true) ? read : nil)
  }
}
