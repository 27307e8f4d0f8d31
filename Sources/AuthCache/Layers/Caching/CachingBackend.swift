public import Logging
internal import Synchronization

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
///   or as soon as an ``InvalidationSource`` says so. Reads are therefore `.stale(bound)`. That goes for a record that
///   another process gave new tokens too: a removal or an extension by one of these, which this cache has never seen,
///   drops nothing that it remembers under the old ones.
/// - Of many callers that miss one record, one asks the delegate and the others wait for it. If it fails or is
///   cancelled, another one asks. While the delegate goes on failing, everybody hears it from a call of their own, of
///   which at most 32 are made at once for one record.
/// - An error is never remembered, and surfaces.
/// - ``close()`` closes the delegate too.
///
/// A cache over a cache takes the lower one for its source, `InvalidationSource(lower)`: then a change reaches the lower
/// one first.
public final class CachingBackend<Delegate: AuthCacheBackend>: CachingLayer {
  // First, so that it lies at the same place whatever the delegate is.
  let core: CacheCore
  private let feed: InvalidationFeed?
  private let spawner: any TaskSpawner
  private let closeDeadline: Duration
  private let closing = Mutex<Task<Result<Void, AuthCacheError>, Never>?>(nil)
  /// What this layer stands over.
  public let delegate: Delegate

  /// - Parameters:
  ///   - delegate: What is asked when the cache does not know.
  ///   - configuration: What is cached, and for how long.
  ///   - source: Says what other processes wrote. Listened to until ``close()``.
  ///   - clock: Decides what is live. The delegate's own, as a rule.
  ///   - spawner: Starts the task that listens to `source`, and those that ``close()`` needs.
  ///   - logger: Told when the source can't be heard, once for each series of failures, and when it is heard again.
  public init(
    over delegate: Delegate, configuration: CachingConfiguration = CachingConfiguration(),
    invalidatedBy source: InvalidationSource? = nil, clock: any AuthCacheClock = .system,
    spawner: any TaskSpawner = .unstructured, logger: Logger = Logger(label: "authcache.cache")
  ) {
    self.delegate = delegate
    self.spawner = spawner
    closeDeadline = configuration.closeDeadline
    let core = CacheCore(configuration, clock: clock)
    self.core = core
    feed = source.map { InvalidationFeed($0, into: core, spawner: spawner, logger: logger) }
  }

  deinit { feed?.cancel() }

  /// The delegate's, except that a read may be stale by as much as the longest time to live: that without a source if
  /// there is none, and with one the bound that holds even if its news are lost and nobody notices.
  public var properties: BackendProperties {
    var properties = delegate.properties
    let isFed = feed != nil
    guard let bound = core.caches.map({ $0.timing.bound(isFed: isFed) }).max() else { return properties }
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

  /// Whether an invalidation source is being listened to at this moment: for a health check. False without a source.
  public var isListening: Bool { core.isFed }

  /// What was heard of the invalidation source so far; all zero without one.
  public var sourceCounts: InvalidationCounts { feed?.counts ?? InvalidationCounts() }

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

  /// How many shared calls may fail while a caller waits, before it asks by itself.
  private static var patience: Int { 2 }

  /// Waits for who asks already, and leads if that comes to nothing.
  func follow(_ flight: Flight, _ lookup: Lookup) async throws(AuthCacheError) -> Record? {
    guard let cache = core.cache(of: lookup.kind) else { return try await delegate.load(lookup) }
    var flight = flight
    // Whether the shared call began after this one. Then its answer is as good as one of its own, whatever is written
    // meanwhile.
    var isLater = false
    var failures = 0
    while true {
      if core.isClosed { throw .closed(.load) }
      switch await flight.follow() {
      case .answer(let record):
        if isLater || cache.isTrue(record, to: lookup, since: flight.generation) {
          guard let record, record.isLive(at: core.clock.coarseNow) else { return nil }
          return record
        }
      case .failed: failures += 1
      case .handedOver: break
      case .cancelled: throw Self.cancelled(lookup)
      }
      guard failures <= Self.patience else { return try await askAlone(lookup, cache) }
      switch cache.askAgain(lookup, at: core.clock.coarseNow) {
      case .record(let record): return record
      case .absent: return nil
      case .lead(let next): return try await lead(next, lookup)
      case .follow(let next): (flight, isLater) = (next, true)
      case .unknown: return try await delegate.load(lookup)
      }
    }
  }

  /// Asks for nobody else, when it is the caller's turn.
  private func askAlone(_ lookup: Lookup, _ cache: KindCache) async throws(AuthCacheError) -> Record? {
    guard await core.turnstile.enter(lookup) else { throw Self.cancelled(lookup) }
    defer { core.turnstile.leave(lookup) }
    // Somebody may have had more luck meanwhile.
    switch cache.askAgain(lookup, at: core.clock.coarseNow) {
    case .record(let record): return record
    case .absent: return nil
    case .lead(let flight): return try await lead(flight, lookup)
    case .follow, .unknown:
      cache.countLoad()
      return try await delegate.load(lookup)
    }
  }

  private static func cancelled(_ lookup: Lookup) -> AuthCacheError {
    AuthCacheError(
      .cancelled, operation: .load, kind: lookup.kind, "the task was cancelled while it waited for another load")
  }

  // MARK: The end

  /// Forgets everything, stops listening, and closes the delegate.
  ///
  /// Takes as long as the delegate's own close, and ``CachingConfiguration/closeDeadline`` and a few seconds at most. No
  /// task outlives it, with one exception: a delegate or a source that neither answers nor heeds cancellation is left
  /// behind, and what it does later changes nothing here.
  ///
  /// - Throws: what the delegate throws; `timeout` if it did not answer, or the source did not end.
  public func close() async throws(AuthCacheError) {
    core.close()
    let task = closing.withLock { closing in
      if let closing { return closing }
      let task = spawner.spawn { [self] in await end() }
      closing = task
      return task
    }
    try await task.value.get()
  }

  private func end() async -> Result<Void, AuthCacheError> {
    let stopping = feed.map { feed in
      BoundedWork(clock: core.clock, spawner: spawner) { await feed.stop() }
    }
    var isStopped = await stopping?.value(by: core.clock.now + Self.grace) != nil || stopping == nil
    let ending = BoundedWork(clock: core.clock, spawner: spawner) { [delegate] in await delegate.closing() }
    guard let closed = await ending.value(by: core.clock.now + closeDeadline) else {
      return .failure(.leftOpen("the delegate did not answer", source: !isStopped))
    }
    // Many a source ends with the delegate.
    if !isStopped { isStopped = await stopping?.value(by: core.clock.now + Self.grace) != nil }
    guard case .success = closed, !isStopped else { return closed }
    return .failure(.leftOpen(source: true))
  }

  /// How long a source has to end once it has been cancelled.
  private static var grace: Duration { .seconds(1) }
}

extension AuthCacheBackend {
  /// What a close of this backend comes to.
  func closing() async -> Result<Void, AuthCacheError> {
    do throws(AuthCacheError) {
      try await close()
      return .success(())
    } catch { return .failure(error) }
  }
}

extension AuthCacheError {
  /// A close that goes on without what it waited for.
  fileprivate static func leftOpen(_ reason: String? = nil, source: Bool) -> AuthCacheError {
    let reasons = [reason, source ? "the invalidation source did not end" : nil].compactMap { $0 }
    return AuthCacheError(
      .timeout, effect: .unknown, operation: .close,
      "\(reasons.joined(separator: ", and ")) before the deadline of the cache's close; it is left behind")
  }
}
