import AuthCache
import Synchronization

/// Stands for whatever tells caches what other processes wrote. It can be cut off.
final class Announcer: Sendable {
  private let subscribers = Mutex<[AsyncStream<Result<Invalidation, AuthCacheError>>.Continuation]>([])
  private let count = Mutex(0)
  private let gone = Mutex(0)
  private let refuses = Mutex(false)

  /// Whether it takes nobody in.
  var isCut: Bool {
    get { refuses.withLock { $0 } }
    set { refuses.withLock { $0 = newValue } }
  }

  /// How often somebody subscribed.
  var subscriptions: Int { count.withLock { $0 } }

  /// How many are listening.
  var listeners: Int { subscriptions - gone.withLock { $0 } }

  var source: InvalidationSource {
    InvalidationSource(resubscribingAfter: .seconds(1)) { () async throws(AuthCacheError) in
      if self.isCut { throw AuthCacheError(.unavailable, operation: .invalidations, "cut off") }
      return self.subscribe()
    }
  }

  func announce(_ invalidation: Invalidation) {
    subscribers.withLock { for subscriber in $0 { subscriber.yield(.success(invalidation)) } }
  }

  /// Ends every subscription, with an error or as if there were nothing more to say.
  func cut(_ error: AuthCacheError? = nil) {
    let cut = subscribers.withLock { subscribers in
      defer { subscribers = [] }
      return subscribers
    }
    for subscriber in cut {
      if let error { subscriber.yield(.failure(error)) }
      subscriber.finish()
    }
  }

  func subscribe() -> Announcements {
    let stream = AsyncStream<Result<Invalidation, AuthCacheError>>.makeStream()
    subscribers.withLock { $0.append(stream.continuation) }
    stream.continuation.onTermination = { [weak self] _ in self?.gone.withLock { $0 += 1 } }
    count.withLock { $0 += 1 }
    return Announcements(stream: stream.stream)
  }
}

struct Announcements: AsyncSequence, Sendable {
  let stream: AsyncStream<Result<Invalidation, AuthCacheError>>

  func makeAsyncIterator() -> Iterator { Iterator(iterator: stream.makeAsyncIterator()) }

  struct Iterator: AsyncIteratorProtocol {
    var iterator: AsyncStream<Result<Invalidation, AuthCacheError>>.Iterator

    mutating func next() async throws(AuthCacheError) -> Invalidation? {
      try await next(isolation: nil)
    }

    mutating func next(isolation actor: isolated (any Actor)?) async throws(AuthCacheError) -> Invalidation? {
      try await iterator.next(isolation: actor)?.get()
    }
  }
}
