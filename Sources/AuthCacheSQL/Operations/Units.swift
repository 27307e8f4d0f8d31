internal import AuthCache

/// What is a unit of its own: several records in one transaction. The caller holds that.
extension SQLConnection {
  /// - Parameter careful: An expired record may hold an alias of one that is written: it goes first.
  func perform(
    _ request: SQLRequest, _ layout: TableLayout, careful: Bool, now: Timestamp
  ) throws(SQLFailure) -> SQLAnswer {
    switch request {
    case .open: return .done
    case .loadAll(let lookups): return .records(try load(contentsOf: lookups, layout, now: now))
    case .storeAll(let records):
      try store(contentsOf: records, layout, careful: careful, now: now)
      return .done
    case .removeAll(let lookups): return .flags(try remove(contentsOf: lookups, layout, now: now))
    case .removeGroup(let group): return .count(try removeAll(in: group, layout, now: now))
    case .removeExpired(let cutoff, let limit): return try removeExpired(through: cutoff, limit: limit, layout)
    case .beginOfChanges: return .begin(try beginOfChanges(layout))
    case .changes(let id): return try changes(after: id)
    case .awaitChange(let id): return try awaitChange(id)
    case .forgetChanges(let id): return try forgetChanges(through: id)
    case .load, .list, .store, .insert, .replace, .consume, .extend, .remove:
      return try run(request, layout, careful: careful, now: now)
    }
  }

  private func load(
    contentsOf lookups: [Lookup], _ layout: TableLayout, now: Timestamp
  ) throws(SQLFailure) -> [Record?] {
    guard traits.merges else {
      var records: [Record?] = []
      records.reserveCapacity(lookups.count)
      for lookup in lookups { records.append(try load(lookup, layout, now: now)) }
      return records
    }
    var records = [Record?](repeating: nil, count: lookups.count)
    var start = 0
    for run in lookups.runs {
      let places = DigestPlaces(run.digests)
      let (main, _) = try sendMany(
        .loadMany(run.field), places.distinct, of: run.kind, in: layout.place(of: run.kind), now: now)
      try main.forEachRecord(of: run.kind, by: run.field) { digest, record in
        places.forEach(digest) { records[start + $0] = record }
      }
      start += run.digests.count
    }
    return records
  }

  /// As a loop would, the last of one id winning, whatever the order in which rows are written.
  private func store(
    contentsOf records: [Record], _ layout: TableLayout, careful: Bool, now: Timestamp
  ) throws(SQLFailure) {
    guard traits.merges, !careful, let rows = records.withoutPredecessors else {
      for record in records { _ = try run(.store(record), layout, careful: careful, now: now) }
      return
    }
    var tables: [Int: [Record]] = [:]
    for record in rows { tables[layout.place(of: record.kind), default: []].append(record) }
    var sent: [any SQLCursor] = []
    for (table, rows) in tables.sorted(by: { $0.key < $1.key }) {
      for chunk in rows.sorted(by: { $0.digest < $1.digest }).chunks {
        let cursor = try cursor(.storeMany, in: table, count: chunk.count)
        try sendRows(Array(chunk), cursor) { _ in }
        if traits.pipelines { sent.append(cursor) } else { _ = try cursor.drain() }
      }
    }
    // Nothing follows in this transaction: its end goes with it, in one round trip.
    if traits.pipelines { try announceCommit() }
    for cursor in sent { _ = try cursor.drain() }
  }

  private func remove(
    contentsOf lookups: [Lookup], _ layout: TableLayout, now: Timestamp
  ) throws(SQLFailure) -> [Bool] {
    var removed: [Bool] = []
    removed.reserveCapacity(lookups.count)
    guard traits.merges else {
      for lookup in lookups {
        guard case .flag(let went) = try run(.remove(lookup), layout, now: now) else { throw .misplacedAnswer }
        removed.append(went)
      }
      return removed
    }
    for run in lookups.runs {
      let (main, companion) = try sendMany(
        .removeMany(run.field), run.digests.sorted(), of: run.kind, in: layout.place(of: run.kind), now: nil)
      var (live, found) = try main.digests(at: now)
      try erase(companion, found)
      for digest in run.digests { removed.append(live.remove(digest) != nil) }
    }
    return removed
  }

  private func removeAll(in group: Group, _ layout: TableLayout, now: Timestamp) throws(SQLFailure) -> Int {
    var count = 0
    for table in layout.tables.indices {
      let main = try cursor(.removeGroup(group.role), in: table)
      main.bind(group.digest, at: 0)
      try main.send()
      let (live, found) = try main.countLive(at: now)
      count += live
      guard !hasReturning else { continue }
      let after = try cursor(.eraseGroup(group.role), in: table)
      after.bind(group.digest, at: 0)
      try after.send()
      // What joined the group since the select goes with it, and counts.
      count += max(0, try after.drain() - found)
    }
    return count
  }
}

/// Lookups of one shape that follow each other.
struct LookupRun {
  let kind: RecordKind
  let field: Lookup.Field
  var digests: [RecordDigest]
}

extension [Lookup] {
  /// At most a thousand digests each: the larger databases bind no more in one statement.
  fileprivate var runs: [LookupRun] {
    reduce(into: []) { runs, lookup in
      if let last = runs.last, last.kind == lookup.kind, last.field == lookup.field, last.digests.count < 1_000 {
        runs[runs.count - 1].digests.append(lookup.digest)
      } else {
        runs.append(LookupRun(kind: lookup.kind, field: lookup.field, digests: [lookup.digest]))
      }
    }
  }
}

extension [Record] {
  /// The last of each id; nil where a loop might end otherwise, because the order in which aliases come and go matters.
  fileprivate var withoutPredecessors: [Record]? {
    var places: [Lookup: Int] = [:]
    var kept: [Record] = []
    var holders: Set<Lookup> = []
    for record in self {
      if let place = places[record.id] {
        guard record.aliases == .none, kept[place].aliases == .none else { return nil }
        kept[place] = record
        continue
      }
      for (field, digest) in record.aliases.all {
        let alias = Lookup(kind: record.kind, field: field, digest: digest)
        guard holders.insert(alias).inserted else { return nil }
      }
      places[record.id] = kept.count
      kept.append(record)
    }
    return kept
  }

  /// So much as one statement should carry.
  fileprivate var chunks: [ArraySlice<Record>] {
    var chunks: [ArraySlice<Record>] = []
    var (start, bytes) = (startIndex, 0)
    for (index, record) in enumerated() {
      if index > start, bytes + record.payload.bytes.count > 1 << 20 || index - start >= 1_000 {
        chunks.append(self[start..<index])
        (start, bytes) = (index, 0)
      }
      bytes += record.payload.bytes.count
    }
    chunks.append(self[start...])
    return chunks
  }
}
