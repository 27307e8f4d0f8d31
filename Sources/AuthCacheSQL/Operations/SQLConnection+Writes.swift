internal import AuthCache

/// One write each. The caller holds the transaction.
extension SQLConnection {
  func store(_ record: Record, now: Timestamp) throws(SQLFailure) {
    _ = try write(record, with: .store, now: now) { _ in }
  }

  func insert(_ record: Record, now: Timestamp) throws(SQLFailure) -> Bool {
    do throws(SQLFailure) {
      return try write(record, with: .insert, now: now) { $0.bind(now, at: Column.allCases.count) }
    } catch  where error.code == .conflict {
      // A live record under the id itself comes first: then nothing was to be written at all.
      if try load(record.id, now: now) != nil { return false }
      throw error
    }
  }

  func replace(_ current: Record, with next: Record, now: Timestamp) throws(SQLFailure) -> Bool {
    try write(next, with: .replace, now: now) {
      $0.bind(now, at: Column.allCases.count)
      $0.bind(Int64(bitPattern: current.revision), at: Column.allCases.count + 1)
    }
  }

  func consume(_ lookup: Lookup, now: Timestamp) throws(SQLFailure) -> Record? {
    let cursor = try cursor(.consume(by: lookup.field))
    defer { cursor.finish() }
    cursor.bind(lookup, now: now)
    guard try cursor.step() else { return nil }
    let record = try cursor.record(of: lookup.kind)
    while try cursor.step() {}
    return record
  }

  func extend(_ lookup: Lookup, to expiresAt: Timestamp, now: Timestamp) throws(SQLFailure) -> Bool {
    let cursor = try cursor(.extend(by: lookup.field))
    cursor.bind(lookup, now: now)
    cursor.bind(expiresAt, at: 3)
    return try cursor.run() == 1
  }

  func remove(_ lookup: Lookup, now: Timestamp) throws(SQLFailure) -> Bool {
    let cursor = try cursor(.remove(by: lookup.field))
    cursor.bind(lookup.kind, at: 0)
    cursor.bind(lookup.digest, at: 1)
    return try cursor.countLive(at: now) == 1
  }

  func removeAll(in group: Group, now: Timestamp) throws(SQLFailure) -> Int {
    let cursor = try cursor(.remove(group.role))
    cursor.bind(group.digest, at: 0)
    return try cursor.countLive(at: now)
  }

  func removeExpired(through cutoff: Timestamp, limit: Int) throws(SQLFailure) -> (counts: ExpiredCounts, rows: Int) {
    let cursor = try cursor(.removeExpired)
    defer { cursor.finish() }
    cursor.bind(cutoff, at: 0)
    cursor.bind(Int64(limit), at: 1)
    var counts = ExpiredCounts()
    var rows = 0
    while try cursor.step() {
      rows += 1
      // A kind that no record can have was put there by somebody else; it goes uncounted.
      if let kind = RecordKind(rawValue: try cursor.text(at: 0)) { counts.add(of: kind) }
    }
    return (counts, rows)
  }

  /// Runs `statement` for `record`. Where an expired record holds one of its aliases, that one goes first.
  private func write(
    _ record: Record, with statement: Statement, now: Timestamp, bindMore: (any SQLCursor) -> Void
  ) throws(SQLFailure) -> Bool {
    do throws(SQLFailure) {
      return try attempt(record, with: statement, bindMore)
    } catch  where error.condition == .duplicate {
      // Seldom: so the usual write is one statement.
    }
    for (field, digest) in record.aliases.all {
      let cursor = try cursor(
        field == .accessToken ? .dropExpiredHolderOfAccessToken : .dropExpiredHolderOfRefreshToken)
      cursor.bind(Lookup(kind: record.kind, field: field, digest: digest), now: now)
      _ = try cursor.run()
    }
    do throws(SQLFailure) {
      return try attempt(record, with: statement, bindMore)
    } catch  where error.condition == .duplicate {
      throw .aliasConflict
    }
  }

  private func attempt(
    _ record: Record, with statement: Statement, _ bindMore: (any SQLCursor) -> Void
  ) throws(SQLFailure) -> Bool {
    let cursor = try cursor(statement)
    return try record.payload.bytes.withUnsafeBufferPointer { (payload) throws(SQLFailure) -> Bool in
      cursor.bind(record, payload: UnsafeRawBufferPointer(payload))
      bindMore(cursor)
      return try cursor.run() == 1
    }
  }
}

extension SQLCursor {
  /// Runs a delete that returns `expires_at`, and finishes it.
  fileprivate func countLive(at now: Timestamp) throws(SQLFailure) -> Int {
    defer { finish() }
    var count = 0
    while try step() {
      let expiresAt = try integer(at: 0)
      if expiresAt.map({ $0 > now.millisecondsSinceEpoch }) ?? true { count += 1 }
    }
    return count
  }
}
