internal import AuthCache

extension SQLConnection {
  func load(_ lookup: Lookup, now: Timestamp) throws(SQLFailure) -> Record? {
    let cursor = try cursor(.load(by: lookup.field))
    defer { cursor.finish() }
    cursor.bind(lookup, now: now)
    return try cursor.step() ? try cursor.record(of: lookup.kind) : nil
  }

  /// All out of one state of the database.
  func load(contentsOf lookups: [Lookup], now: Timestamp) throws(SQLFailure) -> [Record?] {
    try beginReading()
    defer { rollback() }
    var records: [Record?] = []
    records.reserveCapacity(lookups.count)
    for lookup in lookups { records.append(try load(lookup, now: now)) }
    return records
  }

  func records(
    of kind: RecordKind, after: RecordDigest?, limit: Int, now: Timestamp
  ) throws(SQLFailure) -> [Record] {
    let cursor = try cursor(.list)
    defer { cursor.finish() }
    cursor.bind(kind, at: 0)
    // No bytes sort before every digest.
    if let after { cursor.bind(after, at: 1) } else { cursor.bind(UnsafeRawBufferPointer(start: nil, count: 0), at: 1) }
    cursor.bind(now, at: 2)
    cursor.bind(Int64(limit), at: 3)
    var records: [Record] = []
    while try cursor.step() { records.append(try cursor.record(of: kind)) }
    return records
  }
}
