internal import Synchronization

/// The subscribers of one handle.
///
/// As long as there are none, announcing costs one load.
package final class InvalidationHub: Sendable {
  private let isHeard = Atomic(false)
  private let state = Mutex(State())

  private struct State {
    var mailboxes: [Int: InvalidationMailbox] = [:]
    var next = 0
    var isClosed = false
  }

  package init() {}

  /// Begins a subscription.
  ///
  /// - Throws: `closed` after ``close()``.
  package func subscribe(capacity: Int = 1_024) throws(AuthCacheError) -> InvalidationStream {
    let number = state.withLock { state in
      state.next += 1
      return state.next
    }
    let (stream, mailbox) = InvalidationStream.make(capacity: capacity) { [weak self] in self?.forget(number) }
    let isClosed = state.withLock { state in
      if !state.isClosed { state.mailboxes[number] = mailbox }
      // Whoever changes something from now on, and has seen that this subscriber read what was before, sees it.
      isHeard.store(!state.mailboxes.isEmpty, ordering: .sequentiallyConsistent)
      return state.isClosed
    }
    if isClosed { throw .closed(.invalidations) }
    return stream
  }

  /// Announces what `changes` says, which is not asked if nobody listens. Call it after the change has been committed.
  @inline(__always)
  package func announce(_ changes: () -> [Invalidation]) {
    if isHeard.load(ordering: .relaxed) { hand(out: changes()) }
  }

  @inline(never)
  private func hand(out changes: [Invalidation]) {
    for mailbox in state.withLock({ Array($0.mailboxes.values) }) { mailbox.announce(changes) }
  }

  /// Ends every subscription, for good.
  package func close() {
    let mailboxes = state.withLock { state in
      state.isClosed = true
      defer { state.mailboxes = [:] }
      return state.mailboxes.values
    }
    for mailbox in mailboxes { mailbox.finish() }
  }

  private func forget(_ number: Int) {
    state.withLock { state in
      state.mailboxes[number] = nil
      isHeard.store(!state.mailboxes.isEmpty, ordering: .sequentiallyConsistent)
    }
  }
}
