internal import AuthCache

/// Many writes in order. The caller sees to it that they are one unit.
extension SQLConnection {
  func store(contentsOf records: [Record], now: Timestamp) throws(SQLFailure) {
    for record in records { try store(record, now: now) }
  }

  func remove(contentsOf lookups: [Lookup], now: Timestamp) throws(SQLFailure) -> [Bool] {
    var removed: [Bool] = []
    removed.reserveCapacity(lookups.count)
    for lookup in lookups { removed.append(try remove(lookup, now: now)) }
    return removed
  }
}
