internal import AuthCache
internal import Synchronization

/// A store that keeps its indexes by hand, and makes at most one mistake in it.
final class IndexedStore: AuthCacheBackend {
  let flaw: IndexFlaw?
  let clock: any AuthCacheClock
  let rows: Mutex<IndexedRows>
  /// The same store's other namespaces.
  let others: @Sendable () -> [IndexedStore]
  private let isClosed = Mutex(false)

  let properties = BackendProperties(aliases: true, durability: .none, shared: false)

  init(
    _ flaw: IndexFlaw? = nil, clock: any AuthCacheClock, others: @escaping @Sendable () -> [IndexedStore] = { [] }
  ) {
    self.flaw = flaw
    self.clock = clock
    self.others = others
    rows = Mutex(IndexedRows(flaw))
  }

  func requireOpen(_ operation: AuthCacheError.Operation, _ kind: RecordKind?) throws(AuthCacheError) {
    guard !isClosed.withLock({ $0 }) else {
      throw AuthCacheError(.closed, operation: operation, kind: kind, "the store is closed")
    }
  }

  /// One step, with the time that it goes by.
  func step<Value: Sendable>(
    _ body: (inout IndexedRows, Timestamp) throws(AuthCacheError) -> Value
  ) throws(AuthCacheError) -> Value {
    let now = clock.now
    let result: Result<Value, AuthCacheError> = rows.withLock { rows in
      do throws(AuthCacheError) { return .success(try body(&rows, now)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  func refuse(
    _ record: Record, takenBy way: IndexedRows.Way, _ operation: AuthCacheError.Operation, in rows: IndexedRows,
    at now: Timestamp
  ) throws(AuthCacheError) {
    let isTakenElsewhere =
      flaw == .tokensOfEveryNamespace
      && others().contains { other in
        other.rows.withLock { theirs in record.lookups.dropFirst().contains { theirs.tokens[$0] != nil } }
      }
    if isTakenElsewhere || rows.isTaken(from: record, by: way, at: now) {
      throw AuthCacheError(.conflict, operation: operation, kind: record.kind, "another record holds a token of it")
    }
  }

  func store(_ record: Record) async throws(AuthCacheError) {
    try requireOpen(.store, record.kind)
    try properties.validate(record, for: .store)
    if flaw == .storeLooksBeforeItWrites {
      try step { rows, now throws(AuthCacheError) in try refuse(record, takenBy: .store, .store, in: rows, at: now) }
      await Task.yield()
      return try step { rows, now throws(AuthCacheError) in rows.write(record, by: .store, at: now) }
    }
    try step { rows, now throws(AuthCacheError) in
      try refuse(record, takenBy: .store, .store, in: rows, at: now)
      rows.write(record, by: .store, at: now)
    }
  }

  func insert(_ record: Record) async throws(AuthCacheError) -> Bool {
    try requireOpen(.insert, record.kind)
    try properties.validate(record, for: .insert)
    if flaw == .insertClearsTheWay, let old = rows.withLock({ $0.rows[record.id] }), !old.isLive(at: clock.now) {
      await Task.yield()
      rows.withLock { rows in if let there = rows.rows[record.id] { rows.delete(there) } }
    }
    return try step { rows, now throws(AuthCacheError) in
      if flaw == .insertJudgesTokensFirst { try refuse(record, takenBy: .insert, .insert, in: rows, at: now) }
      guard rows.find(record.id, at: now) == nil else {
        if flaw == .refusedInsertMovesTokens { rows.index(tokensOf: record) }
        if flaw == .refusedInsertJoins { rows.join(groupsOf: record) }
        return false
      }
      try refuse(record, takenBy: .insert, .insert, in: rows, at: now)
      rows.write(record, by: .insert, at: now)
      return true
    }
  }

  func load(_ lookup: Lookup) async throws(AuthCacheError) -> Record? {
    try requireOpen(.load, lookup.kind)
    let lookup = try await row(of: lookup, if: .loadByTokenThenRow)
    let found = lookup.flatMap { lookup in rows.withLock { $0.find(lookup, at: clock.now) } }
    if flaw == .loadCleansUp, found == nil, let lookup, rows.withLock({ $0.rows[lookup] != nil }) {
      await Task.yield()
      rows.withLock { rows in if let dead = rows.rows[lookup] { rows.delete(dead) } }
    }
    return found
  }

  func consume(_ lookup: Lookup) async throws(AuthCacheError) -> Record? {
    try requireOpen(.consume, lookup.kind)
    guard let lookup = try await row(of: lookup, if: .consumeByTokenThenRow) else { return nil }
    return try step { rows, now throws(AuthCacheError) in
      guard let record = rows.find(lookup, at: now) else { return nil }
      if flaw == .consumeNeedsAnEnd, record.expiresAt == nil { return nil }
      rows.delete(
        record, leavingGroups: flaw == .consumeLeavesMembership, leavingListing: flaw == .listingKeepsTheConsumed)
      return record
    }
  }

  func replace(_ current: Record, with next: Record) async throws(AuthCacheError) -> Bool {
    try requireOpen(.replace, current.kind)
    try properties.validate(replacing: current, with: next)
    if flaw == .replaceNeedsALife, !next.isLive(at: clock.now) { return false }
    if flaw == .replaceLooksBeforeItWrites {
      try step { rows, now throws(AuthCacheError) in try refuse(next, takenBy: .replace, .replace, in: rows, at: now) }
      await Task.yield()
    }
    return try step { rows, now throws(AuthCacheError) in
      guard let found = rows.find(current.id, at: now), found.revision == current.revision else {
        if flaw == .refusedReplaceJoins { rows.join(groupsOf: next) }
        return false
      }
      if flaw != .replaceLooksBeforeItWrites { try refuse(next, takenBy: .replace, .replace, in: rows, at: now) }
      rows.write(next, by: .replace, at: now)
      return true
    }
  }

  func extend(_ lookup: Lookup, to expiresAt: Timestamp) async throws(AuthCacheError) -> Bool {
    try requireOpen(.extend, lookup.kind)
    guard let lookup = try await row(of: lookup, if: .extendByTokenThenRow) else { return false }
    let end =
      switch flaw {
      case .extendEndsIn2038: min(expiresAt, Timestamp(millisecondsSinceEpoch: Int64(Int32.max) * 1_000))
      case .extendHasACeiling: min(expiresAt, clock.now + .seconds(30 * 86_400))
      default: expiresAt
      }
    if flaw == .extendWritesBack {
      guard let read = rows.withLock({ $0.find(lookup, at: clock.now) }) else { return false }
      await Task.yield()
      return try step { rows, now throws(AuthCacheError) in
        guard rows.find(read.id, at: now) != nil else { return false }
        rows.write(read.extended(to: end), by: .store, at: now)
        return true
      }
    }
    return try step { rows, now throws(AuthCacheError) in
      guard let record = rows.find(lookup, at: now) else { return false }
      rows.overwrite(record.extended(to: end))
      return true
    }
  }

  func remove(_ lookup: Lookup) async throws(AuthCacheError) -> Bool {
    try requireOpen(.remove, lookup.kind)
    guard let lookup = try await row(of: lookup, if: .removeByTokenThenRow) else { return false }
    return try step { rows, now throws(AuthCacheError) in
      Self.remove(lookup, from: &rows, at: now, unlessLive: flaw == .removesTheDeadByToken)
    }
  }

  static func remove(
    _ lookup: Lookup, from rows: inout IndexedRows, at now: Timestamp, unlessLive takesTheDead: Bool
  ) -> Bool {
    let dead = takesTheDead ? rows.tokens[lookup].flatMap { rows.rows[$0] } : nil
    guard let record = rows.find(lookup, at: now) ?? dead else { return false }
    rows.delete(record, leavingGroups: rows.flaw == .removeLeavesMembership)
    return true
  }

  func removeExpired(through cutoff: Timestamp, limit: Int) async throws(AuthCacheError) -> ExpiredCounts {
    try requireOpen(.removeExpired, nil)
    try AuthCacheError.validateSweep(through: cutoff, limit: limit, at: clock.now)
    if flaw == .sweepAddsToItsLimit { try requireRoom(above: limit, .removeExpired) }
    if flaw == .sweepOfEveryNamespace {
      for other in others() { _ = other.rows.withLock { $0.sweep(through: cutoff, limit: limit) } }
    }
    return rows.withLock { $0.sweep(through: cutoff, limit: limit) }
  }

  /// Whether one more is asked for, to see whether there is more.
  func requireRoom(above limit: Int, _ operation: AuthCacheError.Operation) throws(AuthCacheError) {
    guard !limit.addingReportingOverflow(1).overflow else {
      throw AuthCacheError(.invalidArgument, operation: operation, "the limit is out of range")
    }
  }

  func close() async throws(AuthCacheError) { isClosed.withLock { $0 = true } }

  /// The row that a token leads to, as a step of its own.
  private func row(of lookup: Lookup, if flaw: IndexFlaw) async throws(AuthCacheError) -> Lookup? {
    guard self.flaw == flaw, lookup.field != .id else { return lookup }
    let row = rows.withLock { $0.tokens[lookup] }
    await Task.yield()
    return row
  }
}
