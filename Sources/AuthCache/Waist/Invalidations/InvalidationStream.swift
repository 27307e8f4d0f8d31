internal import Synchronization

/// What a backend announces to one subscriber: the ``InvalidationBackend/Invalidations`` of the bundled backends, and
/// of yours if you like.
///
/// For one consumer. It ends when the task that iterates is cancelled, when the last copy and the last iterator of it
/// are let go, and when the backend ends it; an ``AuthCacheError`` says why, where that was no wish of anybody.
public struct InvalidationStream: AsyncSequence, Sendable {
  public typealias Element = Invalidation
  public typealias Failure = AuthCacheError

  private let subscription: Subscription

  /// Announcements that are fetched when they are asked for.
  ///
  /// - Parameters:
  ///   - next: the next announcement; nil at the end. Called by one task at a time, and not again after nil or an error.
  ///   - onEnd: gives back what the subscription holds. Called once.
  public init(
    unfolding next: @escaping @Sendable () async throws(AuthCacheError) -> Invalidation?,
    onEnd: @escaping @Sendable () -> Void = {}
  ) {
    subscription = Subscription(next: next, onEnd: onEnd)
  }

  /// Announcements that are kept for the subscriber until it takes them, the first of them a gap.
  ///
  /// - Parameters:
  ///   - capacity: how many are kept. What is more is announced as one gap.
  ///   - onEnd: gives back what the subscription holds. Called once.
  public static func make(
    capacity: Int = 1_024, onEnd: @escaping @Sendable () -> Void = {}
  ) -> (stream: InvalidationStream, mailbox: InvalidationMailbox) {
    let mailbox = InvalidationMailbox(capacity: capacity)
    let stream = InvalidationStream {
      () async throws(AuthCacheError) in
      try await mailbox.next()
    } onEnd: {
      mailbox.finish()
      onEnd()
    }
    return (stream, mailbox)
  }

  public func makeAsyncIterator() -> Iterator { Iterator(subscription: subscription) }

  /// Waits for one change after the other. For one task.
  public struct Iterator: AsyncIteratorProtocol, Sendable {
    fileprivate let subscription: Subscription

    public mutating func next() async throws(AuthCacheError) -> Invalidation? {
      try await next(isolation: nil)
    }

    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(AuthCacheError) -> Invalidation? {
      try await subscription.advance()
    }
  }

  fileprivate final class Subscription: Sendable {
    private let next: @Sendable () async throws(AuthCacheError) -> Invalidation?
    private let onEnd: @Sendable () -> Void
    private let isOver = Atomic(false)

    init(
      next: @escaping @Sendable () async throws(AuthCacheError) -> Invalidation?, onEnd: @escaping @Sendable () -> Void
    ) {
      self.next = next
      self.onEnd = onEnd
    }

    deinit { end() }

    func advance() async throws(AuthCacheError) -> Invalidation? {
      guard !isOver.load(ordering: .acquiring) else { return nil }
      do throws(AuthCacheError) {
        if !Task.isCancelled, let invalidation = try await next() { return invalidation }
      } catch {
        end()
        throw error
      }
      end()
      return nil
    }

    private func end() {
      if !isOver.exchange(true, ordering: .acquiringAndReleasing) { onEnd() }
    }
  }
}
