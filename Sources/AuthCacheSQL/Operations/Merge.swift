internal import AuthCache

/// Requests of one shape that one statement can serve.
struct Merge {
  enum Shape: Hashable {
    case load(RecordKind, Lookup.Field), consume(RecordKind, Lookup.Field), remove(RecordKind, Lookup.Field)
    case store(table: Int), insert(RecordKind)
  }

  let shape: Shape
  /// Where the requests stand in their batch.
  var members: [Int]

  var writesRows: Bool {
    switch shape {
    case .store, .insert: true
    case .load, .consume, .remove: false
    }
  }
}

/// What of a batch is served together and what on its own.
///
/// All requests of a batch are under way at once, so every order of them is a right one.
struct MergePlan {
  private(set) var merges: [Merge] = []
  private(set) var singles: [Int] = []

  /// So many bytes of payload go into one statement.
  private static let budget = 1 << 20

  init(_ requests: [SQLRequest], _ layout: TableLayout, _ traits: SQLTraits) {
    guard traits.merges, requests.count > 1 else {
      singles = Array(requests.indices)
      return
    }
    var places: [Merge.Shape: Int] = [:]
    var written: Set<Lookup> = []
    var bytes = 0
    for (index, request) in requests.enumerated() {
      guard let shape = Self.shape(of: request, layout, traits) else {
        singles.append(index)
        continue
      }
      if let record = request.record {
        // One statement can write a row only once.
        bytes += record.payload.bytes.count
        guard bytes <= Self.budget, written.insert(record.id).inserted else {
          singles.append(index)
          continue
        }
      }
      if let place = places[shape] {
        merges[place].members.append(index)
      } else {
        places[shape] = merges.count
        merges.append(Merge(shape: shape, members: [index]))
      }
    }
    singles += merges.filter { $0.members.count == 1 }.map { $0.members[0] }
    merges.removeAll { $0.members.count == 1 }
    // Rows are locked in one order by whoever writes them.
    for index in merges.indices {
      merges[index].members.sort { requests[$0].sortingDigest < requests[$1].sortingDigest }
    }
    singles.sort { requests[$0].sortingDigest < requests[$1].sortingDigest }
  }

  private static func shape(of request: SQLRequest, _ layout: TableLayout, _ traits: SQLTraits) -> Merge.Shape? {
    switch request {
    case .load(let lookup): .load(lookup.kind, lookup.field)
    case .consume(let lookup): .consume(lookup.kind, lookup.field)
    case .remove(let lookup): .remove(lookup.kind, lookup.field)
    case .store(let record): .store(table: layout.place(of: record.kind))
    case .insert(let record): traits.mergesInserts ? .insert(record.kind) : nil
    case .replace, .extend, .list, .open, .loadAll, .storeAll, .removeAll, .removeGroup, .removeExpired: nil
    }
  }
}

extension SQLRequest {
  var record: Record? {
    switch self {
    case .store(let record), .insert(let record): record
    default: nil
    }
  }

  var lookup: Lookup? {
    switch self {
    case .load(let lookup), .consume(let lookup), .remove(let lookup), .extend(let lookup, _): lookup
    case .store(let record), .insert(let record), .replace(_, let record): record.id
    default: nil
    }
  }

  fileprivate var sortingDigest: RecordDigest { lookup?.digest ?? RecordDigest(words: (0, 0, 0, 0)) }
}

/// A merge whose statement has been handed over.
struct SentMerge {
  let merge: Merge
  let main: any SQLCursor
  var companion: Companion?
}

extension SQLConnection {
  func send(
    _ merge: Merge, of requests: [SQLRequest], _ layout: TableLayout, now: Timestamp
  ) throws(SQLFailure) -> SentMerge {
    switch merge.shape {
    case .load(let kind, let field):
      return try send(merge, requests, .loadMany(field), kind, layout, now, bindsNow: true)
    case .consume(let kind, let field):
      return try send(merge, requests, .consumeMany(field), kind, layout, now, bindsNow: true)
    case .remove(let kind, let field):
      return try send(merge, requests, .removeMany(field), kind, layout, now, bindsNow: false)
    case .store(let table):
      let cursor = try cursor(.storeMany, in: table, count: merge.members.count)
      try sendRows(merge.members.compactMap { requests[$0].record }, cursor) { _ in }
      return SentMerge(merge: merge, main: cursor)
    case .insert(let kind):
      let cursor = try cursor(.insertMany, in: layout.place(of: kind), count: merge.members.count)
      try sendRows(merge.members.compactMap { requests[$0].record }, cursor) {
        $0.bind(now, at: Column.allCases.count)
      }
      return SentMerge(merge: merge, main: cursor)
    }
  }

  /// Waits for the answers.
  func finish(
    _ sent: SentMerge, of requests: [SQLRequest], now: Timestamp, _ answer: (Int, SQLAnswer) -> Void
  ) throws(SQLFailure) {
    let cursor = sent.main
    let members = sent.merge.members
    switch sent.merge.shape {
    case .load(let kind, let field):
      let records = try cursor.records(of: kind, by: field)
      for index in members { answer(index, .record(requests[index].lookup.flatMap { records[$0.digest] })) }
    case .consume(let kind, let field):
      var records = try cursor.records(of: kind, by: field)
      try erase(sent.companion, Array(records.keys))
      for index in members {
        answer(index, .record(requests[index].lookup.flatMap { records.removeValue(forKey: $0.digest) }))
      }
    case .remove:
      var (live, found) = try cursor.digests(at: now)
      try erase(sent.companion, found)
      for index in members {
        answer(index, .flag(requests[index].lookup.map { live.remove($0.digest) != nil } ?? false))
      }
    case .store:
      _ = try cursor.drain()
      for index in members { answer(index, .done) }
    case .insert:
      defer { cursor.finish() }
      var written: Set<RecordDigest> = []
      while try cursor.step() {
        if let digest = try cursor.digest(at: 0) { written.insert(digest) }
      }
      for index in members {
        answer(index, .flag(requests[index].record.map { written.contains($0.digest) } ?? false))
      }
    }
  }

  private func send(
    _ merge: Merge, _ requests: [SQLRequest], _ statement: Statement, _ kind: RecordKind, _ layout: TableLayout,
    _ now: Timestamp, bindsNow: Bool
  ) throws(SQLFailure) -> SentMerge {
    let digests = merge.members.compactMap { requests[$0].lookup?.digest }
    let (main, companion) = try sendMany(
      statement, digests, of: kind, in: layout.place(of: kind), now: bindsNow ? now : nil)
    return SentMerge(merge: merge, main: main, companion: companion)
  }

  /// Sends a statement for many digests, and says what has to follow.
  func sendMany(
    _ statement: Statement, _ digests: [RecordDigest], of kind: RecordKind, in table: Int, now: Timestamp?
  ) throws(SQLFailure) -> (main: any SQLCursor, companion: Companion?) {
    let main = try cursor(statement, in: table, count: digests.count)
    main.bind(kind, at: 0)
    main.bind(digests, at: 1)
    if let now { main.bind(now, at: 2) }
    try main.send()
    guard !hasReturning, let statement = statement.companion else { return (main, nil) }
    return (main, Companion(statement: statement, table: table, kind: kind, takesMany: true, now: now))
  }

  func sendRows(
    _ records: [Record], _ cursor: any SQLCursor, bindMore: (any SQLCursor) -> Void
  ) throws(SQLFailure) {
    for record in records {
      record.payload.bytes.withUnsafeBufferPointer { payload in
        cursor.bind(record, payload: UnsafeRawBufferPointer(payload))
        cursor.endRow()
      }
    }
    bindMore(cursor)
    try cursor.send()
  }
}

extension SQLCursor {
  /// The rows that are left, under the digest by which they were looked for; finishes.
  func records(of kind: RecordKind, by field: Lookup.Field) throws(SQLFailure) -> [RecordDigest: Record] {
    defer { finish() }
    var records: [RecordDigest: Record] = [:]
    while try step() {
      let record = try record(of: kind)
      switch field {
      case .id: records[record.digest] = record
      case .accessToken: if let alias = record.aliases.accessToken { records[alias] = record }
      case .refreshToken: if let alias = record.aliases.refreshToken { records[alias] = record }
      }
    }
    return records
  }

  /// The digests among rows of a digest and `expires_at`, and those of the live ones; finishes.
  func digests(at now: Timestamp) throws(SQLFailure) -> (live: Set<RecordDigest>, all: [RecordDigest]) {
    defer { finish() }
    var live: Set<RecordDigest> = []
    var all: [RecordDigest] = []
    while try step() {
      let expiresAt = try integer(at: 1)
      guard let digest = try digest(at: 0) else { continue }
      all.append(digest)
      if expiresAt.map({ $0 > now.millisecondsSinceEpoch }) ?? true { live.insert(digest) }
    }
    return (live, all)
  }
}
