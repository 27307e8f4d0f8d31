internal import AuthCache
internal import Synchronization

/// Stands for whatever tells caches what others wrote. It can be cut off.
final class CheckedSource: Sendable {
  private struct State {
    var subscribers: [Int: AsyncStream<Result<Invalidation, AuthCacheError>>.Continuation] = [:]
    var next = 0
    var isCut = false
  }

  private let state = Mutex(State())

  /// How many are listening.
  var listeners: Int { state.withLock { $0.subscribers.count } }

  var source: InvalidationSource {
    InvalidationSource(resubscribingAfter: .seconds(1)) { () async throws(AuthCacheError) in try self.subscribe() }
  }

  func announce(_ invalidation: Invalidation) {
    for subscriber in state.withLock({ $0.subscribers }).values { subscriber.yield(.success(invalidation)) }
  }

  /// Ends every subscription, with an error or as if there were nothing more to say, and takes no new one.
  func cut(_ error: AuthCacheError?) {
    let subscribers = state.withLock { state in
      state.isCut = true
      defer { state.subscribers = [:] }
      return state.subscribers
    }
    for subscriber in subscribers.values {
      if let error { subscriber.yield(.failure(error)) }
      subscriber.finish()
    }
  }

  /// Takes subscriptions again.
  func restore() { state.withLock { $0.isCut = false } }

  private func subscribe() throws(AuthCacheError) -> CheckedNews {
    let (stream, continuation) = AsyncStream<Result<Invalidation, AuthCacheError>>.makeStream()
    let number: Int? = state.withLock { state in
      if state.isCut { return nil }
      state.next += 1
      state.subscribers[state.next] = continuation
      return state.next
    }
    guard let number else { throw AuthCacheError(.unavailable, operation: .load, "the check cut the source off") }
    continuation.onTermination = { [weak self] _ in
      _ = self?.state.withLock { $0.subscribers.removeValue(forKey: number) }
    }
    return CheckedNews(stream: stream)
  }
}

/// What an ``CheckedSource`` announces to one listener.
struct CheckedNews: AsyncSequence, Sendable {
  let stream: AsyncStream<Result<Invalidation, AuthCacheError>>

  func makeAsyncIterator() -> Iterator { Iterator(iterator: stream.makeAsyncIterator()) }

  struct Iterator: AsyncIteratorProtocol {
    var iterator: AsyncStream<Result<Invalidation, AuthCacheError>>.Iterator

    mutating func next() async throws(AuthCacheError) -> Invalidation? { try await next(isolation: nil) }

    mutating func next(isolation actor: isolated (any Actor)?) async throws(AuthCacheError) -> Invalidation? {
      try await iterator.next(isolation: actor)?.get()
    }
  }
}
