internal import Synchronization

/// The part of a ``CachingBackend`` that does not depend on what it stands over.
final class CacheCore: Sendable {
  let clock: any AuthCacheClock
  /// One for each kind that is cached; few, so they are looked through in order.
  let caches: [KindCache]
  /// That of sessions as a rule, which most reads are of: found without a look at the array.
  private let first: KindCache?
  private let isListening = Atomic(false)
  private let isClosedNow = Atomic(false)

  init(_ configuration: CachingConfiguration, clock: any AuthCacheClock) {
    self.clock = clock
    let now = clock.now
    let generations = WriteGenerations()
    caches = configuration.effective.map { KindCache($0.kind, $0.policy, generations: generations, at: now) }
    first = caches.first
  }

  /// The cache of `kind`, nil if that is not cached.
  @inline(__always)
  func cache(of kind: RecordKind) -> KindCache? {
    if let first, first.kind == kind { return first }
    return caches.dropFirst().first { $0.kind == kind }
  }

  /// The cache that may answer `lookup`. Never one by refresh token: that may be used once.
  @inline(__always)
  func cache(for lookup: Lookup) -> KindCache? { lookup.field == .refreshToken ? nil : cache(of: lookup.kind) }

  func forget(_ lookup: Lookup) { cache(of: lookup.kind)?.forget(lookup) }
  func forget(_ record: Record) { cache(of: record.kind)?.forget(record) }
  func forget(_ group: Group) { for cache in caches { cache.forget(group) } }
  func flush() { for cache in caches { cache.flush() } }

  func apply(_ invalidation: Invalidation) {
    switch invalidation {
    case .record(let lookup): forget(lookup)
    case .group(let group): forget(group)
    case .gap: flush()
    }
  }

  /// Whether an invalidation source is being listened to.
  var isFed: Bool {
    get { isListening.load(ordering: .sequentiallyConsistent) }
    set { isListening.store(newValue, ordering: .sequentiallyConsistent) }
  }

  var isClosed: Bool { isClosedNow.load(ordering: .acquiring) }

  /// Drops everything for good.
  func close() {
    isClosedNow.store(true, ordering: .sequentiallyConsistent)
    flush()
    for cache in caches { cache.publish(at: clock.coarseNow) }
  }
}
