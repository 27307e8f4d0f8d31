internal import AuthCache

/// Requests of one shape that one statement can serve.
struct Merge {
  enum Shape: Equatable {
    case load(RecordKind, Lookup.Field), consume(RecordKind, Lookup.Field), remove(RecordKind, Lookup.Field)
    case store(table: Int), insert(RecordKind)
  }

  let shape: Shape
  var members: [LaneRequest]

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
  private(set) var singles: [LaneRequest] = []

  /// So many bytes of payload go into one statement.
  private static let budget = 1 << 20

  init(_ requests: [LaneRequest], _ layout: TableLayout, _ traits: SQLTraits) {
    guard traits.merges, requests.count > 1 else {
      singles = requests
      return
    }
    var written: Set<Lookup> = []
    var bytes = 0
    for request in requests {
      guard let shape = Self.shape(of: request.request, layout, traits) else {
        singles.append(request)
        continue
      }
      if request.writes, let record = request.request.record {
        // One statement can write a row only once.
        bytes += record.payload.bytes.count
        guard bytes <= Self.budget, written.insert(record.id).inserted else {
          singles.append(request)
          continue
        }
      }
      // There are few shapes, and often only one.
      if let place = merges.firstIndex(where: { $0.shape == shape }) {
        merges[place].members.append(request)
      } else {
        merges.append(Merge(shape: shape, members: [request]))
      }
    }
    singles += merges.filter { $0.members.count == 1 }.map { $0.members[0] }
    merges.removeAll { $0.members.count == 1 }
    guard requests[0].writes else { return }
    // Rows are locked in one order by whoever writes them.
    for index in merges.indices { merges[index].members.sort { $0.digest < $1.digest } }
    singles.sort { $0.digest < $1.digest }
  }

  private static func shape(of request: SQLRequest, _ layout: TableLayout, _ traits: SQLTraits) -> Merge.Shape? {
    switch request {
    case .load(let lookup): .load(lookup.kind, lookup.field)
    case .consume(let lookup): .consume(lookup.kind, lookup.field)
    case .remove(let lookup): .remove(lookup.kind, lookup.field)
    case .store(let record): .store(table: layout.place(of: record.kind))
    case .insert(let record): traits.mergesInserts ? .insert(record.kind) : nil
    case .replace, .extend, .list, .open, .loadAll, .storeAll, .removeAll, .removeGroup, .removeExpired: nil
    case .beginOfChanges, .changes, .awaitChange, .forgetChanges: nil
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

  /// What decides in which order rows are locked; zero where there is not one row.
  var sortingDigest: RecordDigest { lookup?.digest ?? RecordDigest(words: (0, 0, 0, 0)) }
}

/// A merge whose statement has been handed over.
struct SentMerge {
  let merge: Merge
  let main: any SQLCursor
  var companion: Companion?
  /// Where those that look for a record stand.
  var places = DigestPlaces([])
}

extension SQLConnection {
  func send(_ merge: Merge, _ layout: TableLayout, now: Timestamp) throws(SQLFailure) -> SentMerge {
    switch merge.shape {
    case .load(let kind, let field): return try send(merge, .loadMany(field), kind, layout, now)
    case .consume(let kind, let field): return try send(merge, .consumeMany(field), kind, layout, now)
    case .remove(let kind, let field): return try send(merge, .removeMany(field), kind, layout, nil)
    case .store(let table):
      let cursor = try cursor(.storeMany, in: table, count: merge.members.count)
      try sendRows(merge.members.compactMap { $0.request.record }, cursor) { _ in }
      return SentMerge(merge: merge, main: cursor)
    case .insert(let kind):
      let cursor = try cursor(.insertMany, in: layout.place(of: kind), count: merge.members.count)
      try sendRows(merge.members.compactMap { $0.request.record }, cursor) {
        $0.bind(now, at: Column.allCases.count)
      }
      return SentMerge(merge: merge, main: cursor)
    }
  }

  /// Waits for the answers, which wait in the requests from then on.
  func finish(_ sent: SentMerge, now: Timestamp) throws(SQLFailure) {
    let cursor = sent.main
    let members = sent.merge.members
    switch sent.merge.shape {
    case .load(let kind, let field):
      let places = sent.places
      var found = [Record?](repeating: nil, count: members.count)
      try cursor.forEachRecord(of: kind, by: field) { digest, record in
        places.forEach(digest) { found[$0] = record }
      }
      for place in members.indices { members[place].prepare(.record(found[place])) }
    case .consume(let kind, let field):
      let places = sent.places
      var found = [Record?](repeating: nil, count: members.count)
      var erased: [RecordDigest] = []
      // Of those who want the same one gets it.
      try cursor.forEachRecord(of: kind, by: field) { digest, record in
        erased.append(digest)
        if let place = places.first(digest) { found[place] = record }
      }
      try erase(sent.companion, erased)
      for place in members.indices { members[place].prepare(.record(found[place])) }
    case .remove:
      var (live, found) = try cursor.digests(at: now)
      try erase(sent.companion, found)
      for member in members { member.prepare(.flag(live.remove(member.digest) != nil)) }
    case .store:
      _ = try cursor.drain()
      for member in members { member.prepare(.done) }
    case .insert:
      defer { cursor.finish() }
      var written: Set<RecordDigest> = []
      while try cursor.step() {
        if let digest = try cursor.digest(at: 0) { written.insert(digest) }
      }
      for member in members { member.prepare(.flag(written.contains(member.digest))) }
    }
  }

  private func send(
    _ merge: Merge, _ statement: Statement, _ kind: RecordKind, _ layout: TableLayout, _ now: Timestamp?
  ) throws(SQLFailure) -> SentMerge {
    let places = DigestPlaces(merge.members.map(\.digest))
    let (main, companion) = try sendMany(statement, places.distinct, of: kind, in: layout.place(of: kind), now: now)
    return SentMerge(merge: merge, main: main, companion: companion, places: places)
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
  /// Goes through the rows that are left, each with the digest by which it was looked for; finishes.
  func forEachRecord(
    of kind: RecordKind, by field: Lookup.Field, _ body: (RecordDigest, Record) -> Void
  ) throws(SQLFailure) {
    defer { finish() }
    while try step() {
      let record = try record(of: kind)
      switch field {
      case .id: body(record.digest, record)
      case .accessToken: if let alias = record.aliases.accessToken { body(alias, record) }
      case .refreshToken: if let alias = record.aliases.refreshToken { body(alias, record) }
      }
    }
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
