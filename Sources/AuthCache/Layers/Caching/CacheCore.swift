internal import Synchronization

/// The part of a ``CachingBackend`` that does not depend on what it stands over.
final class CacheCore: Sendable {
  let clock: any AuthCacheClock
  /// One for each kind that is cached; few, so they are looked through in order.
  let caches: [KindCache]
  /// That of sessions as a rule, which most reads are of: found without a look at the array.
  private let first: KindCache?
  // The same for those who only look something up: kept alive by `first`, and borrowed without counting references,
  // which all tasks would have to write to.
  private let borrowed: Unmanaged<KindCache>?
  private let firstKind: RecordKind?
  private let isListening = Atomic(false)
  private let isClosedNow = Atomic(false)
  private let generations = WriteGenerations()
  /// Where those wait who ask by themselves, because the calls they waited for failed.
  let turnstile = Turnstile(width: 32)

  init(_ configuration: CachingConfiguration, clock: any AuthCacheClock) {
    self.clock = clock
    let now = clock.now
    let generations = generations
    caches = configuration.effective.map { KindCache($0.kind, $0.policy, generations: generations, at: now) }
    first = caches.first
    borrowed = first.map(Unmanaged.passUnretained)
    firstKind = first?.kind
  }

  /// What is remembered of `lookup`, or who finds out; nil if it is none that is cached. Never one by refresh token: that
  /// may be used once.
  @inline(__always)
  func ask(_ lookup: Lookup) -> CacheAnswer? {
    guard lookup.field != .refreshToken else { return nil }
    if let borrowed, lookup.kind == firstKind {
      return borrowed._withUnsafeGuaranteedRef { $0.ask(lookup, at: clock.coarseNow) }
    }
    return cache(of: lookup.kind)?.ask(lookup, at: clock.coarseNow)
  }

  /// The cache of `kind`, nil if that is not cached.
  @inline(__always)
  func cache(of kind: RecordKind) -> KindCache? {
    if let first, first.kind == kind { return first }
    return caches.dropFirst().first { $0.kind == kind }
  }

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

  /// Drops everything for good, what is on its way included.
  func close() {
    isClosedNow.store(true, ordering: .sequentiallyConsistent)
    generations.end()
    flush()
    for cache in caches { cache.publish(at: clock.coarseNow) }
  }
}
