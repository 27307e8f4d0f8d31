package import AuthCache
internal import Synchronization

/// A backend over any database that a driver reaches: what its operations are, whoever carries them out.
///
/// Reads run on the caller's thread over a free connection where one is free; writes and the other reads go through
/// lanes.
package final class SQLBackend: Sendable {
  package struct Configuration: Sendable {
    package var table: TableName
    package var properties: BackendProperties
    package var clock: any AuthCacheClock
    package var lanes: LaneSettings
    /// How many connections callers may borrow to read on their own thread.
    package var maxReaders: Int
    package var closeDeadline: Duration

    package init(
      table: TableName, properties: BackendProperties, clock: any AuthCacheClock, lanes: LaneSettings,
      maxReaders: Int, closeDeadline: Duration
    ) {
      self.table = table
      self.properties = properties
      self.clock = clock
      self.lanes = lanes
      self.maxReaders = maxReaders
      self.closeDeadline = closeDeadline
    }
  }

  package let properties: BackendProperties
  let clock: any AuthCacheClock
  let writes: Lane
  let reads: Lane
  let readers: Readers
  let timekeeper: Timekeeper
  let closeDeadline: Duration
  let closing = Mutex(Closing.open)

  /// More lookups than this go to a lane, so that no task holds up its thread for long.
  static var callerLimit: Int { 32 }
  /// Expired records are removed in transactions of so many, so that other writes get their turn.
  static var sweepBatch: Int { 250 }

  /// Connects, and brings the schema up to date.
  package init(_ driver: any SQLDriver, _ configuration: Configuration) async throws(AuthCacheError) {
    let statements = Statements(table: configuration.table, dialect: driver.dialect)
    let schema = Schema(table: configuration.table, dialect: driver.dialect)
    properties = configuration.properties
    clock = configuration.clock
    closeDeadline = configuration.closeDeadline
    do throws(SQLFailure) {
      writes = try Lane("write", driver: driver.name, settings: configuration.lanes) {
        () throws(SQLFailure) -> any SQLConnection in
        let connection = try driver.connect(.writer, statements: statements)
        do throws(SQLFailure) {
          try schema.migrate(on: connection)
        } catch {
          connection.close()
          throw error
        }
        return connection
      }
      reads = try Lane("read", driver: driver.name, settings: configuration.lanes) {
        () throws(SQLFailure) -> any SQLConnection in
        try driver.connect(.reader, statements: statements)
      }
      readers = Readers(limit: configuration.maxReaders) { () throws(SQLFailure) -> any SQLConnection in
        try driver.connect(.impatientReader, statements: statements)
      }
      timekeeper = try Timekeeper(
        lanes: [writes, reads], readers: readers, interval: configuration.lanes.acquireTimeout)
    } catch {
      throw error.error(.open, nil)
    }
    do {
      // The first request makes the lane connect.
      try await writes.perform(RequestLabel(.open, writes: false)) { _ in }
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

// MARK: - The waist

extension SQLBackend {
  package func store(_ record: Record) async throws(AuthCacheError) {
    try properties.validate(record, for: .store)
    try await write(.store, record.kind) { connection, now throws(SQLFailure) in
      try connection.store(record, now: now)
    }
  }

  package func insert(_ record: Record) async throws(AuthCacheError) -> Bool {
    try properties.validate(record, for: .insert)
    return try await write(.insert, record.kind) { connection, now throws(SQLFailure) in
      try connection.insert(record, now: now)
    }
  }

  package func load(_ lookup: Lookup) async throws(AuthCacheError) -> Record? {
    try properties.validate(lookup, for: .load)
    return try await read(.load, lookup.kind, onCaller: true) { connection, now throws(SQLFailure) in
      try connection.load(lookup, now: now)
    }
  }

  package func consume(_ lookup: Lookup) async throws(AuthCacheError) -> Record? {
    try properties.validate(lookup, for: .consume)
    return try await write(.consume, lookup.kind) { connection, now throws(SQLFailure) in
      try connection.consume(lookup, now: now)
    }
  }

  package func replace(_ current: Record, with next: Record) async throws(AuthCacheError) -> Bool {
    try properties.validate(replacing: current, with: next)
    return try await write(.replace, next.kind) { connection, now throws(SQLFailure) in
      try connection.replace(current, with: next, now: now)
    }
  }

  package func extend(_ lookup: Lookup, to expiresAt: Timestamp) async throws(AuthCacheError) -> Bool {
    try properties.validate(lookup, for: .extend)
    return try await write(.extend, lookup.kind) { connection, now throws(SQLFailure) in
      try connection.extend(lookup, to: expiresAt, now: now)
    }
  }

  package func remove(_ lookup: Lookup) async throws(AuthCacheError) -> Bool {
    try properties.validate(lookup, for: .remove)
    return try await write(.remove, lookup.kind) { connection, now throws(SQLFailure) in
      try connection.remove(lookup, now: now)
    }
  }

  package func removeExpired(through cutoff: Timestamp, limit: Int) async throws(AuthCacheError) -> ExpiredCounts {
    try AuthCacheError.validateSweep(through: cutoff, limit: limit, at: clock.now)
    var counts = ExpiredCounts()
    var left = limit
    while left > 0 {
      let batch = min(left, Self.sweepBatch)
      do {
        let swept = try await write(.removeExpired, nil) { connection, _ throws(SQLFailure) in
          try connection.removeExpired(through: cutoff, limit: batch)
        }
        counts += swept.counts
        left -= batch
        if swept.rows < batch { break }
      } catch {
        // What went before is gone and counted; the next sweep does the rest.
        if counts.total > 0, error.code == .cancelled { break }
        guard counts.total > 0 else { throw error }
        throw AuthCacheError(
          error.code, effect: .unknown, operation: .removeExpired,
          "\(counts.total) expired records were removed before this: \(error.reason)")
      }
    }
    return counts
  }
}

// MARK: - Ways to a connection

extension SQLBackend {
  func write<Value: Sendable>(
    _ operation: AuthCacheError.Operation, _ kind: RecordKind?,
    _ body: @escaping @Sendable (any SQLConnection, Timestamp) throws(SQLFailure) -> Value
  ) async throws(AuthCacheError) -> Value {
    try await write(RequestLabel(operation, kind, writes: true), body)
  }

  func write<Value: Sendable>(
    _ label: RequestLabel,
    _ body: @escaping @Sendable (any SQLConnection, Timestamp) throws(SQLFailure) -> Value
  ) async throws(AuthCacheError) -> Value {
    // The instant is read when the write runs: what waited is judged by the time at which it happens.
    try await writes.perform(label) { [clock] connection throws(SQLFailure) in try body(connection, clock.now) }
  }

  func read<Value: Sendable>(
    _ operation: AuthCacheError.Operation, _ kind: RecordKind?, onCaller: Bool,
    _ body: @escaping @Sendable (any SQLConnection, Timestamp) throws(SQLFailure) -> Value
  ) async throws(AuthCacheError) -> Value {
    let label = RequestLabel(operation, kind, writes: false)
    let timed = { @Sendable [clock] (connection: any SQLConnection) throws(SQLFailure) in
      try body(connection, clock.now)
    }
    if onCaller {
      let start = Monotonic.coarse
      let value: Value?
      do throws(SQLFailure) {
        value = try readers.read(timed)
      } catch {
        throw error.error(operation, kind)
      }
      if let value {
        reads.observer.noteIfSlow(operation, kind, since: start)
        return value
      }
    }
    return try await reads.perform(label, timed)
  }
}
