/// Gathers writes in front of a backend, coalesces them per record and flushes them together.
///
/// Use it where many tasks write to a store that commits slowly: what waits while one flush is under way becomes the
/// next one. A write returns when its flush has committed, so that by default nothing is taken away; a kind may be
/// acknowledged at once instead (``BufferConfiguration/queued``), which a crash may then undo.
///
/// ```swift
/// let backend = try BufferedBackend(over: store)
/// try await backend.store(session)   // returns when it is persisted, together with others
/// try await backend.close()          // writes what waits, then closes the store
/// ```
///
/// - A store that gathers single writes by itself (``GatheringBackend``, as the bundled databases) is asked to favor
///   throughput: over a server that means fewer and larger transactions, over SQLite a log that grows to 16 MB before it
///   is copied into the file. Without a delay (``BufferConfiguration/maxDelay``, the default) it is handed a write at
///   once unless an earlier one of the same record is under way; what comes for that record meanwhile waits, coalesced.
/// - `store` and `remove` by id are gathered. Every other write goes to the delegate, after what waits for that record.
/// - A failure reaches those who wait for that record. Of an acknowledged write, the next caller hears, and
///   ``close()``; the record is kept, see ``unwritten()``.
/// - The buffer owns its delegate and closes it.
public struct BufferedBackend<Delegate: AuthCacheBackend>: BufferingBackend {
  /// What is written to. The buffer owns it and closes it.
  public let delegate: Delegate
  public let properties: BackendProperties
  let buffer: WriteBuffer
  let configuration: BufferConfiguration

  /// Puts a buffer in front of `delegate`.
  ///
  /// - Parameters:
  ///   - clock: What ``BufferConfiguration/maxDelay`` and the drain deadline are measured by.
  ///   - spawner: Starts the flushes. None of its tasks outlives ``close()``, except a call of a delegate that neither
  ///     answers nor heeds cancellation.
  /// - Throws: `invalidArgument` if a number is not positive, or a kind is queued of which each record is used once.
  public init(
    over delegate: Delegate, configuration: BufferConfiguration = BufferConfiguration(),
    clock: any AuthCacheClock = .system, spawner: any TaskSpawner = .unstructured
  ) throws(AuthCacheError) {
    try configuration.validate()
    self.delegate = delegate
    self.configuration = configuration
    properties = delegate.properties.buffered(by: configuration)
    buffer = WriteBuffer(over: delegate, configuration: configuration, clock: clock, spawner: spawner)
  }

  // MARK: - Gathered

  public func store(_ record: Record) async throws(AuthCacheError) {
    try properties.validate(record, for: .store)
    if buffer.isQueued(record.kind) {
      if buffer.log(record) { return }
    } else if let departure = buffer.depart(.store(record)) {
      do throws(AuthCacheError) {
        try await delegate.store(record)
      } catch {
        _ = try await buffer.arrive(departure, failedWith: error)
        return
      }
      return buffer.arrive(departure)
    }
    _ = try await buffer.submit(.store(record), .store)
  }

  public func remove(_ lookup: Lookup) async throws(AuthCacheError) -> Bool {
    try properties.validate(lookup, for: .remove)
    guard lookup.field == .id else {
      try await settle(lookup, before: .remove)
      return try await delegate.remove(lookup)
    }
    guard let departure = buffer.depart(.remove(lookup)) else {
      return try await buffer.submit(.remove(lookup), .remove)
    }
    let removed: Bool
    do throws(AuthCacheError) {
      removed = try await delegate.remove(lookup)
    } catch {
      return try await buffer.arrive(departure, failedWith: error)
    }
    buffer.arrive(departure, removed: removed)
    return removed
  }

  // MARK: - After what waits for that record

  public func load(_ lookup: Lookup) async throws(AuthCacheError) -> Record? {
    guard !buffer.isIdle else { return try await delegate.load(lookup) }
    try properties.validate(lookup, for: .load)
    guard configuration.reads == .coherent else {
      try buffer.requireOpen(.load, lookup.kind)
      return try await delegate.load(lookup)
    }
    return try await coherent(lookup, for: .load)
  }

  public func insert(_ record: Record) async throws(AuthCacheError) -> Bool {
    try properties.validate(record, for: .insert)
    let inserted = try await unhindered(by: record, .insert) { () async throws(AuthCacheError) in
      try await delegate.insert(record)
    }
    if inserted { buffer.forgetFailure(of: record.id) }
    return inserted
  }

  public func consume(_ lookup: Lookup) async throws(AuthCacheError) -> Record? {
    try properties.validate(lookup, for: .consume)
    try await settle(lookup, before: .consume)
    let record = try await delegate.consume(lookup)
    if let record { buffer.forgetFailure(of: record.id) }
    return record
  }

  public func replace(_ current: Record, with next: Record) async throws(AuthCacheError) -> Bool {
    try properties.validate(replacing: current, with: next)
    let replaced = try await unhindered(by: next, .replace) { () async throws(AuthCacheError) in
      try await delegate.replace(current, with: next)
    }
    if replaced { buffer.forgetFailure(of: next.id) }
    return replaced
  }

  public func extend(_ lookup: Lookup, to expiresAt: Timestamp) async throws(AuthCacheError) -> Bool {
    try properties.validate(lookup, for: .extend)
    try await settle(lookup, before: .extend)
    return try await delegate.extend(lookup, to: expiresAt)
  }

  public func removeExpired(through cutoff: Timestamp, limit: Int) async throws(AuthCacheError) -> ExpiredCounts {
    try buffer.requireOpen(.removeExpired, nil)
    return try await delegate.removeExpired(through: cutoff, limit: limit)
  }

  // MARK: - The buffer itself

  /// Writes what waits, and returns when it has been written.
  ///
  /// - Throws: the first failure of those writes; the others are carried out nevertheless.
  public func flush() async throws(AuthCacheError) { try await buffer.settleAll(before: "flush") { _ in .flusher } }

  /// Every acknowledged record that is not known to be persisted: what waits, what is under way and what failed. Also
  /// after ``close()``, where it is what the close could not write.
  public func unwritten() -> [UnwrittenRecord] { buffer.unwritten }

  /// What the buffer has done so far.
  public var counts: BufferCounts { buffer.counts }

  /// Writes what waits, for ``BufferConfiguration/drainDeadline`` at most, and closes the delegate whatever happened, for
  /// ``BufferConfiguration/closeDeadline`` at most.
  ///
  /// When it returns, a second or two after both deadlines at the latest, none of the buffer's tasks runs any more, with
  /// one exception: a call of a delegate that neither answers nor heeds cancellation is left behind. Its write is named as
  /// one that may have been applied, and what becomes of it later changes nothing here.
  ///
  /// - Throws: `drainIncomplete` with counts per kind if something accepted is not known to be persisted; else what the
  ///   delegate throws, or `timeout` if it did not close.
  public func close() async throws(AuthCacheError) { try await buffer.close() }
}

extension BufferedBackend {
  /// Returns when the writes before this call that may change what `lookup` finds have ended.
  func settle(_ lookup: Lookup, before operation: AuthCacheError.Operation) async throws(AuthCacheError) {
    guard !buffer.isIdle else { return }
    if lookup.field != .id, buffer.mayHoldAcknowledged(lookup.kind) {
      // Which record an alias finds, the delegate knows; whether it still does, a waiting write of that record.
      _ = try await coherent(lookup, for: operation)
    } else {
      try await buffer.settle([lookup], before: operation, lookup.kind)
    }
  }

  /// Loads after the writes before this call.
  private func coherent(
    _ lookup: Lookup, for operation: AuthCacheError.Operation
  ) async throws(AuthCacheError) -> Record? {
    let mark = try await buffer.settle([lookup], before: operation, lookup.kind)
    while true {
      let found: Record?
      do throws(AuthCacheError) {
        found = try await delegate.load(lookup)
      } catch {
        throw error.retold(by: operation, of: lookup.kind)
      }
      // Found by an alias that a waiting write takes away: settled, and looked up again.
      guard let found, lookup.field != .id, buffer.holds(found.id, through: mark) else { return found }
      try await buffer.settle([found.id], before: operation, lookup.kind, through: mark)
    }
  }

  /// Carries out a write that takes the aliases of `record`. If it conflicts, with a holder that a waiting write may
  /// set free, then once more after those.
  private func unhindered(
    by record: Record, _ operation: AuthCacheError.Operation,
    _ write: () async throws(AuthCacheError) -> Bool
  ) async throws(AuthCacheError) -> Bool {
    guard !buffer.isIdle else { return try await write() }
    try await buffer.settle(record.lookups, before: operation, record.kind)
    do throws(AuthCacheError) {
      return try await write()
    } catch {
      guard error.code == .conflict, error.effect == .none, buffer.mayHoldAcknowledged(record.kind) else { throw error }
      try await buffer.settleAll(before: operation, record.kind) { _ in .indifferentFollower }
      return try await write()
    }
  }
}
