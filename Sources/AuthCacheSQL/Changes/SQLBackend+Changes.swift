package import AuthCache
internal import Synchronization

extension SQLBackend {
  /// What the log of changes says from now on, looked at every ``Configuration/changeInterval``.
  ///
  /// - Throws: `unsupported` where changes are not logged.
  package func loggedInvalidations() async throws(AuthCacheError) -> InvalidationStream {
    try requireOpen(.invalidations)
    let request = SQLRequest.beginOfChanges
    guard case .begin(let position) = try await reads.perform(request) else { throw misplaced(request) }
    guard let position else { throw .nothingAnnounced }
    let reader = ChangeReader(self, from: position)
    return InvalidationStream(unfolding: { () async throws(AuthCacheError) in try await reader.next() })
  }

  /// Drops what nobody is expected to read any more. A failure is for the next time.
  func shortenLog() async {
    guard let answer = try? await reads.perform(.beginOfChanges), case .begin(let position?) = answer else { return }
    await shortenLog(endingAt: position.last)
  }

  func shortenLog(endingAt last: Int64) async {
    guard last > ChangeLog.capacity else { return }
    _ = try? await writes.perform(.forgetChanges(through: last - ChangeLog.capacity))
  }
}

extension AuthCacheError {
  package static let nothingAnnounced = AuthCacheError(
    .unsupported, operation: .invalidations,
    "changes of this table are not announced: open it once with announcesChanges")
}

/// Reads the log for one subscriber.
private final class ChangeReader: Sendable {
  private let backend: SQLBackend
  private let state: Mutex<State>

  private struct State {
    var position: ChangePosition
    var news: [Invalidation] = [.gap]
    var taken = 0
    var prunedAt: Int64 = 0

    mutating func take() -> Invalidation? {
      guard taken < news.count else { return nil }
      defer { taken += 1 }
      return news[taken]
    }

    mutating func add(_ invalidations: [Invalidation]) {
      if taken == news.count { (news, taken) = ([], 0) }
      news += invalidations
    }
  }

  init(_ backend: SQLBackend, from position: ChangePosition) {
    self.backend = backend
    state = Mutex(State(position: position))
  }

  func next() async throws(AuthCacheError) -> Invalidation? {
    while true {
      // What is announced after the end would be read by nobody.
      guard backend.closing.withLock({ $0.isOpen }) else { return nil }
      if let invalidation = state.withLock({ $0.take() }) { return invalidation }
      guard await backend.naps.nap(backend.changeInterval, on: backend.clock), !Task.isCancelled else { return nil }
      do throws(AuthCacheError) {
        try await look()
      } catch {
        if error.code == .closed || Task.isCancelled { return nil }
        throw error
      }
    }
  }

  private func look() async throws(AuthCacheError) {
    let start = state.withLock { $0.position.start }
    guard case .changes(let changes, let end) = try await backend.reads.perform(.changes(after: start)) else { return }
    let overdue = state.withLock { state in
      if let end, end - start > ChangeLog.capacity {
        state.add(state.position.skip(to: end))
      } else {
        state.add(state.position.advance(through: changes, end: end))
      }
      return state.position.overdue.prefix(64)
    }
    for id in overdue {
      // A failure says that the row is locked: somebody is about to commit it, or not to.
      guard let answer = try? await backend.writes.perform(.awaitChange(id)), case .changes(let found, _) = answer
      else {
        continue
      }
      state.withLock { state in state.add(state.position.settle(id, found.first)) }
    }
    guard let end, state.withLock({ end - $0.prunedAt >= 1_024 }) else { return }
    state.withLock { $0.prunedAt = end }
    await backend.shortenLog(endingAt: end)
  }
}
