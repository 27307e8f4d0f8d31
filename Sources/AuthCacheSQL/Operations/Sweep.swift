internal import AuthCache

extension SQLConnection {
  func removeExpired(
    through cutoff: Timestamp, limit: Int, _ layout: TableLayout
  ) throws(SQLFailure) -> SQLAnswer {
    var counts = ExpiredCounts()
    var rows = 0
    for table in layout.tables.indices where rows < limit {
      let cursor = try cursor(.removeExpired, in: table)
      cursor.bind(cutoff, at: 0)
      cursor.bind(Int64(limit - rows), at: 1)
      try cursor.send()
      if traits.sweepsByKeys {
        rows += try eraseExpired(found: cursor, through: cutoff, table, &counts)
      } else {
        defer { cursor.finish() }
        while try cursor.step() {
          rows += 1
          // A kind that no record can have was put there by somebody else; it goes uncounted.
          if let kind = RecordKind(rawValue: try cursor.text(at: 0)) { counts.add(of: kind) }
        }
      }
    }
    return .swept(counts, rows: rows)
  }

  /// Removes by key what was found without a lock, where locking what an index finds invites deadlocks.
  private func eraseExpired(
    found cursor: any SQLCursor, through cutoff: Timestamp, _ table: Int, _ counts: inout ExpiredCounts
  ) throws(SQLFailure) -> Int {
    var keys: [RecordKind: [RecordDigest]] = [:]
    var rows = 0
    do {
      defer { cursor.finish() }
      while try cursor.step() {
        rows += 1
        if let kind = RecordKind(rawValue: try cursor.text(at: 0)), let digest = try cursor.digest(at: 1) {
          keys[kind, default: []].append(digest)
        }
      }
    }
    for (kind, digests) in keys.sorted(by: { $0.key < $1.key }) {
      let erase = try self.cursor(.eraseExpired, in: table, count: digests.count)
      erase.bind(kind, at: 0)
      erase.bind(digests.sorted(), at: 1)
      erase.bind(cutoff, at: 2)
      try erase.send()
      counts.add(try erase.drain(), of: kind)
    }
    return rows
  }
}
