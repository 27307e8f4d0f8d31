package import AuthCache
internal import Synchronization

/// A backend over any database that a driver reaches: what its operations are, whoever carries them out.
///
/// Reads run on the caller's thread over a free connection where one is free; writes and the other reads go through
/// lanes.
package final class SQLBackend: Sendable {
  package struct Configuration: Sendable {
    package var layout: TableLayout
    package var properties: BackendProperties
    package var clock: any AuthCacheClock
    package var lanes: LaneSettings
    /// How many connections callers may borrow to read on their own thread.
    package var maxReaders: Int
    package var closeDeadline: Duration
    /// Changes are to be announced: what does so is made where it is missing. False leaves it as it is.
    package var announcesChanges = false
    /// How often the log of changes is looked at, where there is one.
    package var changeInterval = Duration.milliseconds(250)

    package init(
      layout: TableLayout, properties: BackendProperties, clock: any AuthCacheClock, lanes: LaneSettings,
      maxReaders: Int, closeDeadline: Duration
    ) {
      self.layout = layout
      self.properties = properties
      self.clock = clock
      self.lanes = lanes
      self.maxReaders = maxReaders
      self.closeDeadline = closeDeadline
    }
  }

  package let properties: BackendProperties
  let clock: any AuthCacheClock
  let layout: TableLayout
  let writes: LanePool
  /// The same as `writes` where any connection does both.
  let reads: LanePool
  let readers: Readers
  let timekeeper: Timekeeper
  let closeDeadline: Duration
  let closing = Mutex(Closing.open)
  let naps = Naps()
  let announcesChanges: Bool
  let changeInterval: Duration

  /// More lookups than this go to a lane, so that no task holds up its thread for long.
  static var callerLimit: Int { 32 }
  /// Expired records are removed in transactions of so many, so that other writes get their turn.
  static var sweepBatch: Int { 250 }

  /// Connects, and brings the schema up to date.
  package init(_ driver: any SQLDriver, _ configuration: Configuration) async throws(AuthCacheError) {
    let schema = Schema(configuration.layout, dialect: driver.dialect)
    let announcements = Schema(configuration.layout, dialect: driver.dialect, part: .announcements)
    let announcesChanges = configuration.announcesChanges
    let migrated = Mutex(false)
    properties = configuration.properties
    clock = configuration.clock
    layout = configuration.layout
    closeDeadline = configuration.closeDeadline
    self.announcesChanges = announcesChanges
    changeInterval = configuration.changeInterval
    let service = LaneService(layout: configuration.layout, clock: configuration.clock)
    do throws(SQLFailure) {
      let separatesReads = driver.traits.separatesReads
      writes = try LanePool(
        separatesReads ? "write" : "all", driver: driver.name, settings: configuration.lanes, service: service
      ) { () throws(SQLFailure) -> any SQLConnection in
        let connection = try driver.connect(.writer)
        do throws(SQLFailure) {
          // Once is enough: a table that is dropped meanwhile is not to come back empty.
          if !migrated.withLock({ $0 }) {
            try schema.migrate(on: connection)
            if announcesChanges { try announcements.migrate(on: connection) }
          }
          migrated.withLock { $0 = true }
        } catch {
          connection.close()
          throw error
        }
        return connection
      }
      reads =
        separatesReads
        ? try LanePool("read", driver: driver.name, settings: configuration.lanes, service: service) {
          () throws(SQLFailure) -> any SQLConnection in
          try driver.connect(.reader)
        } : writes
      readers = Readers(limit: configuration.maxReaders) { () throws(SQLFailure) -> any SQLConnection in
        try driver.connect(.impatientReader)
      }
      timekeeper = try Timekeeper(
        pools: separatesReads ? [writes, reads] : [writes], readers: readers,
        interval: configuration.lanes.acquireTimeout)
    } catch {
      throw error.error(.open, nil)
    }
    do {
      // The first request makes a lane connect.
      _ = try await writes.perform(.open)
    } catch {
      try? await close()
      throw error
    }
  }

  deinit {
    guard closing.withLock({ $0.isOpen }) else { return }
    timekeeper.stopUnattended()
    reads.endUnattended()
    writes.endUnattended()
    readers.closeUnattended()
  }
}

extension SQLBackend {
  /// From now on many writes a second are worth more than the soonest answer.
  package func favorThroughput() { writes.favorThroughput() }
}

// MARK: - The waist

extension SQLBackend {
  package func store(_ record: Record) async throws(AuthCacheError) {
    try properties.validate(record, for: .store)
    _ = try await writes.perform(.store(record))
  }

  package func insert(_ record: Record) async throws(AuthCacheError) -> Bool {
    try properties.validate(record, for: .insert)
    return try await flag(.insert(record))
  }

  package func load(_ lookup: Lookup) async throws(AuthCacheError) -> Record? {
    try properties.validate(lookup, for: .load)
    let onCaller = try readOnCaller(.load, lookup.kind) { [layout] connection, now throws(SQLFailure) in
      try connection.load(lookup, layout, now: now)
    }
    if let onCaller { return onCaller }
    return try await record(.load(lookup), in: reads)
  }

  package func consume(_ lookup: Lookup) async throws(AuthCacheError) -> Record? {
    try properties.validate(lookup, for: .consume)
    return try await record(.consume(lookup), in: writes)
  }

  package func replace(_ current: Record, with next: Record) async throws(AuthCacheError) -> Bool {
    try properties.validate(replacing: current, with: next)
    return try await flag(.replace(revision: current.revision, with: next))
  }

  package func extend(_ lookup: Lookup, to expiresAt: Timestamp) async throws(AuthCacheError) -> Bool {
    try properties.validate(lookup, for: .extend)
    return try await flag(.extend(lookup, to: expiresAt))
  }

  package func remove(_ lookup: Lookup) async throws(AuthCacheError) -> Bool {
    try properties.validate(lookup, for: .remove)
    return try await flag(.remove(lookup))
  }

  package func removeExpired(through cutoff: Timestamp, limit: Int) async throws(AuthCacheError) -> ExpiredCounts {
    try AuthCacheError.validateSweep(through: cutoff, limit: limit, at: clock.now)
    var counts = ExpiredCounts()
    var left = limit
    while left > 0 {
      let batch = min(left, Self.sweepBatch)
      do throws(AuthCacheError) {
        guard case .swept(let swept, let rows) = try await writes.perform(.removeExpired(through: cutoff, limit: batch))
        else { throw SQLFailure.misplacedAnswer.error(.removeExpired, nil) }
        counts += swept
        left -= batch
        if rows < batch { break }
      } catch {
        // What went before is gone and counted; the next sweep does the rest.
        if counts.total > 0, error.code == .cancelled { break }
        guard counts.total > 0 else { throw error }
        throw AuthCacheError(
          error.code, effect: .unknown, operation: .removeExpired,
          "\(counts.total) expired records were removed before this: \(error.reason)")
      }
    }
    if announcesChanges { await shortenLog() }
    return counts
  }
}

// MARK: - Ways to a connection

extension SQLBackend {
  private func flag(_ request: SQLRequest) async throws(AuthCacheError) -> Bool {
    guard case .flag(let flag) = try await writes.perform(request) else { throw misplaced(request) }
    return flag
  }

  private func record(_ request: SQLRequest, in pool: LanePool) async throws(AuthCacheError) -> Record? {
    guard case .record(let record) = try await pool.perform(request) else { throw misplaced(request) }
    return record
  }

  func misplaced(_ request: SQLRequest) -> AuthCacheError {
    SQLFailure.misplacedAnswer.error(request.operation, request.kind)
  }

  /// Reads over a connection that is free.
  ///
  /// - Returns: nil if none is, or a lock would have to be waited for: then ask a lane.
  func readOnCaller<Value>(
    _ operation: AuthCacheError.Operation, _ kind: RecordKind?,
    _ body: (any SQLConnection, Timestamp) throws(SQLFailure) -> Value
  ) throws(AuthCacheError) -> Value? {
    guard readers.isUsable else { return nil }
    let start = Monotonic.coarse
    let value: Value?
    do throws(SQLFailure) {
      value = try readers.read { (connection: any SQLConnection) throws(SQLFailure) in try body(connection, clock.now) }
    } catch {
      reads.observer.noteIfSlow(operation, kind, since: start)
      throw error.error(operation, kind)
    }
    if value != nil { reads.observer.noteIfSlow(operation, kind, since: start) }
    return value
  }
}
