internal import AuthCache
internal import AuthCacheSQL
internal import Synchronization

/// The subscriptions of one handle, each with a connection and a thread of its own.
final class PostgresListeners: Sendable {
  private struct State {
    var listeners: [Int: PostgresListener] = [:]
    var next = 0
    var isClosed = false
  }

  private let configuration: PostgresBackend.Configuration
  private let layout: TableLayout
  private let state = Mutex(State())

  init(_ configuration: PostgresBackend.Configuration, layout: TableLayout) {
    self.configuration = configuration
    self.layout = layout
  }

  /// Returns when the server tells of whatever is committed from then on.
  func subscribe() async throws(AuthCacheError) -> InvalidationStream {
    let number = state.withLock { state in
      state.next += 1
      return state.next
    }
    let (stream, mailbox) = InvalidationStream.make(capacity: 8_192) { [weak self] in self?.end(number) }
    let listener = PostgresListener(configuration, layout, into: mailbox)
    let isClosed = state.withLock { state in
      if !state.isClosed { state.listeners[number] = listener }
      return state.isClosed
    }
    guard !isClosed else {
      throw AuthCacheError(.closed, operation: .invalidations, "the backend has been closed")
    }
    do throws(SQLFailure) {
      try await listener.start()
    } catch {
      end(number)
      throw error.error(.invalidations, nil)
    }
    return stream
  }

  private func end(_ number: Int) {
    state.withLock { $0.listeners.removeValue(forKey: number) }?.interrupt()
  }

  /// Ends every subscription, and waits for their threads.
  func end() async {
    let listeners = state.withLock { state in
      state.isClosed = true
      defer { state.listeners = [:] }
      return state.listeners.values
    }
    for listener in listeners { listener.interrupt() }
    for listener in listeners { await listener.ended() }
  }
}
