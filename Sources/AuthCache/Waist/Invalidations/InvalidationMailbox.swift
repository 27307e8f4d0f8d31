internal import Synchronization

/// Where announcements lie until their subscriber takes them.
///
/// Bounded: whoever does not keep up hears a gap, and then what follows it.
public final class InvalidationMailbox: Sendable {
  private let capacity: Int
  private let state = Mutex(State())

  private typealias Reader = CheckedContinuation<Result<Invalidation?, AuthCacheError>, Never>

  private struct State {
    /// Newest last; taken from `first` on.
    var waiting: [Invalidation] = [.gap]
    var first = 0
    var reader: Reader?
    var ending: Result<Invalidation?, AuthCacheError>?

    mutating func take() -> Invalidation? {
      guard first < waiting.count else { return nil }
      defer {
        first += 1
        if first == waiting.count {
          waiting.removeAll(keepingCapacity: true)
          first = 0
        }
      }
      return waiting[first]
    }
  }

  init(capacity: Int) { self.capacity = max(1, capacity) }

  /// Hands `invalidations` on, in order. Does nothing after the end.
  public func announce(_ invalidations: some Collection<Invalidation>) {
    guard !invalidations.isEmpty else { return }
    let (reader, first) = state.withLock { state -> (Reader?, Invalidation?) in
      guard state.ending == nil else { return (nil, nil) }
      if state.waiting.count - state.first + invalidations.count > capacity {
        (state.waiting, state.first) = ([.gap], 0)
      } else {
        state.waiting.append(contentsOf: invalidations)
      }
      guard let reader = state.reader else { return (nil, nil) }
      state.reader = nil
      return (reader, state.take())
    }
    reader?.resume(returning: .success(first))
  }

  /// Hands `invalidation` on.
  public func announce(_ invalidation: Invalidation) { announce(CollectionOfOne(invalidation)) }

  /// Ends the subscription once what waits has been taken; the first call decides how.
  ///
  /// - Parameter error: why it ends, where nobody wished that.
  public func finish(throwing error: AuthCacheError? = nil) {
    let ending = error.map { Result<Invalidation?, AuthCacheError>.failure($0) } ?? .success(nil)
    let reader = state.withLock { state -> Reader? in
      guard state.ending == nil else { return nil }
      state.ending = ending
      defer { state.reader = nil }
      return state.reader
    }
    reader?.resume(returning: ending)
  }

  func next() async throws(AuthCacheError) -> Invalidation? {
    let next = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let known: Result<Invalidation?, AuthCacheError>? = state.withLock { state in
          if let invalidation = state.take() { return .success(invalidation) }
          if let ending = state.ending { return ending }
          // Two readers at once are one too many: the first is sent away.
          let other = state.reader
          state.reader = continuation
          other?.resume(returning: .success(nil))
          return nil
        }
        if let known { continuation.resume(returning: known) }
      }
    } onCancel: {
      finish()
    }
    return try next.get()
  }
}
