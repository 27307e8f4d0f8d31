/// What the backend under a cache announces. Each change is applied to the cache before it is handed on.
///
/// So whoever hears of a change, say another cache above, and asks anew, is not answered with what the cache remembered
/// from before.
public struct AppliedInvalidations<Base: AsyncSequence<Invalidation, AuthCacheError> & Sendable>: AsyncSequence,
  Sendable
{
  public typealias Element = Invalidation
  public typealias Failure = AuthCacheError

  let base: Base
  let core: CacheCore

  public func makeAsyncIterator() -> Iterator { Iterator(base: base.makeAsyncIterator(), core: core) }

  /// Hands on each change once the cache has dropped what it concerns.
  public struct Iterator: AsyncIteratorProtocol {
    var base: Base.AsyncIterator
    let core: CacheCore

    public mutating func next() async throws(AuthCacheError) -> Invalidation? { try await next(isolation: nil) }

    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(AuthCacheError) -> Invalidation? {
      let invalidation = try await base.next(isolation: actor)
      if let invalidation { core.apply(invalidation) }
      return invalidation
    }
  }
}
