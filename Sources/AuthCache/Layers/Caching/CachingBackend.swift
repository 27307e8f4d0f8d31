/// Keeps what was read from another backend in this process for a while, and serves it from there.
///
/// Put it over a store that takes a network or a disk to ask. A hit neither suspends nor allocates, and nothing of a
/// record is decoded or copied for it.
///
/// ```swift
/// let backend = CachingBackend(over: try await SQLiteBackend(path: "sessions.db"))
/// ```
///
/// - Whatever must happen once (`consume`, `insert`, `replace`) is decided by the delegate.
/// - A write through this layer drops what is cached of the record, under its id and its aliases; a read that began
///   before the write is not kept. What other processes write is seen after the time to live of the kind at the latest,
///   or as soon as an ``InvalidationSource`` says so. Reads are therefore `.stale(bound)`.
/// - Of many callers that miss one record, one asks the delegate and the others wait for it. If it fails or is
///   cancelled, another one asks.
/// - An error is never remembered, and surfaces.
/// - ``close()`` closes the delegate too.
public final class CachingBackend<Delegate: AuthCacheBackend>: CachingLayer {
  // First, so that it lies at the same place whatever the delegate is.
  let core: CacheCore
  private let feed: InvalidationFeed?
  /// What this layer stands over.
  public let delegate: Delegate

  /// - Parameters:
  ///   - delegate: What is asked when the cache does not know.
  ///   - configuration: What is cached, and for how long.
  ///   - source: Says what other processes wrote. Listened to until ``close()``.
  ///   - clock: Decides what is live. The delegate's own, as a rule.
  ///   - spawner: Starts the one task that listens to `source`.
  public init(
    over delegate: Delegate, configuration: CachingConfiguration = CachingConfiguration(),
    invalidatedBy source: InvalidationSource? = nil, clock: any AuthCacheClock = .system,
    spawner: any TaskSpawner = .unstructured
  ) {
    self.delegate = delegate
    let core = CacheCore(configuration, clock: clock)
    self.core = core
    feed = source.map { InvalidationFeed($0, into: core, spawner: spawner) }
  }

  deinit { feed?.cancel() }

  /// The delegate's, except that a read may be stale by as much as the longest time to live.
  public var properties: BackendProperties {
    var properties = delegate.properties
    guard let bound = core.caches.map(\.timing.bound).max() else { return properties }
    if case .stale(let below) = properties.consistency {
      properties.consistency = .stale(bound + below)
    } else {
      properties.consistency = .stale(bound)
    }
    return properties
  }

  // MARK: Counting

  /// What the cache of `kind` did so far; all zero for a kind that is not cached.
  public func counts(of kind: RecordKind) -> CacheCounts { core.cache(of: kind)?.counts ?? CacheCounts() }

  /// What the caches of all kinds did so far.
  public var counts: CacheCounts { core.caches.reduce(CacheCounts()) { $0 + $1.counts } }

  /// How many records of `kind` are in the cache.
  public func cachedCount(of kind: RecordKind) -> Int { core.cache(of: kind)?.count ?? 0 }

  /// How many absences of `kind` are remembered.
  public func rememberedCount(of kind: RecordKind) -> Int { core.cache(of: kind)?.absenceCount ?? 0 }

  /// Drops everything that is cached.
  public func flush() { core.flush() }

  // MARK: Reading

  // Inlined into what a call through the protocol reaches, so that a hit takes one asynchronous frame and not two.
  @inline(__always)
  public func load(_ lookup: Lookup) async throws(AuthCacheError) -> Record? {
    switch core.ask(lookup) {
    case .record(let record): return record
    case .absent: return nil
    case .lead(let flight): return try await lead(flight, lookup)
    case .follow(let flight): return try await follow(flight, lookup)
    case .unknown, nil: return try await delegate.load(lookup)
    }
  }

  /// Asks the delegate, for everybody who comes meanwhile too.
  private func lead(_ flight: Flight, _ lookup: Lookup) async throws(AuthCacheError) -> Record? {
    guard let cache = core.cache(of: lookup.kind) else { return try await delegate.load(lookup) }
    if core.isClosed {
      cache.end(flight, for: lookup)
      flight.land(.failed)
      throw .closed(.load)
    }
    let (begin, isFed) = (core.clock.now, core.isFed)
    cache.countLoad()
    do {
      let record = try await delegate.load(lookup)
      cache.keep(record, for: lookup, generation: flight.generation, askedAt: begin, isFed: isFed)
      cache.end(flight, for: lookup)
      flight.land(.answer(record))
      cache.publishIfDue(at: begin)
      return record
    } catch {
      cache.end(flight, for: lookup)
      flight.land(error.code == .cancelled ? .handedOver : .failed)
      throw error
    }
  }

  /// How often a caller waits for others whose answer turns out to be no use to it, before it asks by itself.
  private static var patience: Int { 2 }

  /// Waits for who asks already, and leads if that comes to nothing.
  private func follow(_ flight: Flight, _ lookup: Lookup) async throws(AuthCacheError) -> Record? {
    guard let cache = core.cache(of: lookup.kind) else { return try await delegate.load(lookup) }
    var flight = flight
    var disappointments = 0
    while true {
      if core.isClosed { throw .closed(.load) }
      switch await flight.follow() {
      case .answer(let record):
        if cache.isTrue(record, to: lookup, since: flight.generation) {
          guard let record, record.isLive(at: core.clock.coarseNow) else { return nil }
          return record
        }
        disappointments += 1
      case .failed: disappointments += 1
      case .handedOver: break
      case .cancelled:
        throw AuthCacheError(
          .cancelled, operation: .load, kind: lookup.kind, "the task was cancelled while it waited for another load")
      }
      guard disappointments <= Self.patience else {
        cache.countLoad()
        return try await delegate.load(lookup)
      }
      switch cache.askAgain(lookup, at: core.clock.coarseNow) {
      case .record(let record): return record
      case .absent: return nil
      case .lead(let next): return try await lead(next, lookup)
      case .follow(let next): flight = next
      case .unknown: break
      }
    }
  }

  // MARK: The end

  /// Forgets everything, stops listening, and closes the delegate.
  public func close() async throws(AuthCacheError) {
    core.close()
    if let feed { await feed.stop() }
    try await delegate.close()
  }
}
