internal import AuthCache

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

extension Mutant {
  static let shutdown: [Mutant] = closed + closing

  private static let closed: [Mutant] = [
    .afterClose(
      "closed-removes-nothing", "A closed backend says that there is nothing to remove.",
      boundTo: "backend.close.refusesOperations"
    ) {
      if case .remove = $0 { .flag(false) } else { nil }
    },
    .afterClose(
      "closed-removes-nothing-in-bulk", "A closed backend removes nothing in bulk.", boundTo: "bulk.close.refuses"
    ) {
      if case .removeContents(let lookups) = $0 { .flags(lookups.map { _ in false }) } else { nil }
    },
    .afterClose("closed-has-no-groups", "A closed backend finds no members of a group.", boundTo: "group.close.refuses")
    {
      if case .removeAll = $0 { .count(0) } else { nil }
    },
    .afterClose("closed-lists-nothing", "A closed backend lists nothing.", boundTo: "client.close.refusesListing") {
      if case .records = $0 { .page([]) } else { nil }
    },
    Mutant(
      "second-close-throws", "Close is an operation like the others and throws `closed` the second time.",
      boundTo: "backend.close.answersAlike", alsoBreaks: ["backend.close.manyAtOnce"]
    ) { environment in
      let closes = Memo(0)
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        if case .close = call {
          let count = closes.with { closes in
            closes += 1
            return closes
          }
          if count > 1 { throw AuthCacheError(.closed, operation: .close, "the backend has been closed") }
        }
        return try await proceed(call)
      }
    },
    Mutant(
      "second-close-hurries", "A repeated close returns at once while the first is still at work.",
      boundTo: "backend.close.manyAtOnce"
    ) { environment in
      let hasBegun = Memo(false)
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        guard case .close = call else { return try await proceed(call) }
        let isFirst = hasBegun.with { begun in
          defer { begun = true }
          return !begun
        }
        guard isFirst else { return .done }
        for _ in 0..<8 { await Task.yield() }
        return try await proceed(call)
      }
    },
  ]

  private static let closing: [Mutant] = [
    Mutant(
      "close-fails-what-is-in-flight", "An operation in flight at close fails as if the store were gone.",
      boundTo: "backend.close.operationsInFlight"
    ) { environment in
      let isClosing = Memo(false)
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        if case .close = call {
          isClosing.with { $0 = true }
          await Task.yield()
          return try await proceed(call)
        }
        let began = isClosing.with { $0 }
        await Task.yield()
        if !began, isClosing.with({ $0 }) {
          throw AuthCacheError(.unavailable, operation: call.operation, kind: call.kind, "the connection went away")
        }
        return try await proceed(call)
      }
    },
    Mutant(
      "close-waits-for-ever", "Close waits for a count that a failing operation never lowers.",
      boundTo: "backend.close.operationsInFlight"
    ) { environment in
      let (underWay, isClosing) = (Memo(0), Memo(false))
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        if case .close = call {
          let isRepeat = isClosing.with { closing in
            defer { closing = true }
            return closing
          }
          if isRepeat { return try await proceed(call) }
          while underWay.with({ $0 }) > 0, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(1)) }
          return try await proceed(call)
        }
        if isClosing.with({ $0 }) { return try await proceed(call) }
        underWay.with { $0 += 1 }
        await Task.yield()
        if isClosing.with({ $0 }) {
          throw AuthCacheError(.closed, operation: call.operation, kind: call.kind, "the backend is closing")
        }
        defer { underWay.with { $0 -= 1 } }
        return try await proceed(call)
      }
    },
    Mutant(
      "close-gives-in-to-cancellation", "Close does nothing in a task that has been cancelled.",
      boundTo: "backend.close.runsThoughCancelled"
    ) { call, _, proceed async throws(AuthCacheError) in
      if case .close = call, Task.isCancelled {
        throw AuthCacheError(.cancelled, operation: .close, "the task was cancelled")
      }
      return try await proceed(call)
    },
    .journal(
      "close-drops-the-queue", "A write that waits its turn at close is acknowledged and dropped.",
      boundTo: "backend.close.keepsAcknowledged"
    ) { environment in
      let isClosing = Memo(false)
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        if case .close = call { isClosing.with { $0 = true } }
        guard case .store = call, !isClosing.with({ $0 }) else { return try await proceed(call) }
        await Task.yield()
        return isClosing.with { $0 } ? .done : try await proceed(call)
      }
    },
    .journal(
      "close-closes-all-handles", "Handles share the flag that says that they are closed.",
      boundTo: "backend.close.leavesOtherHandles"
    ) { environment in
      let (namespace, closed) = (environment.namespace, closedNamespaces)
      closed.with { _ = $0.remove(namespace) }
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        if case .close = call { closed.with { _ = $0.insert(namespace) } }
        if closed.with({ $0.contains(namespace) }) { _ = try await proceed(.close) }
        return try await proceed(call)
      }
    },
    .journal(
      "close-forgets-a-file", "A second file is opened beside the store and never closed.",
      boundTo: "backend.close.leavesNoDescriptor"
    ) { environment in
      let file = ForgottenFile(environment.directory + "/second")
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        _ = file
        return try await proceed(call)
      }
    },
  ]

  private static let closedNamespaces = Memo<Set<String>>([])

  /// A memory backend that answers some calls after it was closed; nil leaves a call as it is.
  private static func afterClose(
    _ name: String, _ mistake: String, boundTo: String, answer: @escaping @Sendable (BackendCall) -> BackendAnswer?
  ) -> Mutant {
    Mutant(name, mistake, boundTo: boundTo) { environment in
      let isClosed = Memo(false)
      return Sabotage(on: environment) { call, _, proceed async throws(AuthCacheError) in
        if isClosed.with({ $0 }), let answer = answer(call) { return answer }
        let answer = try await proceed(call)
        if case .close = call { isClosed.with { $0 = true } }
        return answer
      }
    }
  }
}

/// Open for as long as somebody holds the handle, closed or not.
private final class ForgottenFile: Sendable {
  private let file: Int32

  init(_ path: String) { file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600) }

  deinit { close(file) }
}
