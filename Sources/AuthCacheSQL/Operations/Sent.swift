internal import AuthCache

/// A request whose statements have been handed over and not yet been answered.
struct Sent {
  let request: SQLRequest
  /// What had to go first; the answers are not needed.
  var before: [any SQLCursor] = []
  let main: any SQLCursor
  /// What follows a locked select.
  var companion: Companion?
}

/// One record, one statement: what shares a transaction with others. The caller holds the transaction, if one is
/// needed.
extension SQLConnection {
  /// - Parameters:
  ///   - layout: Where the records of each kind lie.
  ///   - careful: An expired record may hold one of the aliases: it goes first.
  func send(
    _ request: SQLRequest, _ layout: TableLayout, careful: Bool = false, now: Timestamp
  ) throws(SQLFailure) -> Sent {
    let table = request.kind.map(layout.place(of:)) ?? 0
    switch request {
    case .load(let lookup): return try send(request, .load(lookup.field), lookup, table, now)
    case .consume(let lookup): return try send(request, .consume(lookup.field), lookup, table, now)
    case .remove(let lookup): return try send(request, .remove(lookup.field), lookup, table, now, bindsNow: false)
    case .extend(let lookup, let expiresAt):
      let cursor = try cursor(.extend(lookup.field), in: table)
      cursor.bind(lookup, now: now)
      cursor.bind(expiresAt, at: 3)
      try cursor.send()
      return Sent(request: request, main: cursor)
    case .list(let kind, let after, let limit):
      let cursor = try cursor(.list, in: table)
      cursor.bind(kind, at: 0)
      // No bytes sort before every digest.
      if let after { cursor.bind(after, at: 1) } else { cursor.bind(.init(start: nil, count: 0), at: 1) }
      cursor.bind(now, at: 2)
      cursor.bind(Int64(limit), at: 3)
      try cursor.send()
      return Sent(request: request, main: cursor)
    case .store(let record): return try send(request, .store, record, table, careful, now) { _ in }
    case .insert(let record):
      return try send(request, .insert, record, table, careful, now) { $0.bind(now, at: Column.allCases.count) }
    case .replace(let revision, let record):
      return try send(request, .replace, record, table, careful, now) {
        $0.bind(now, at: Column.allCases.count)
        $0.bind(Int64(bitPattern: revision), at: Column.allCases.count + 1)
      }
    case .open, .loadAll, .storeAll, .removeAll, .removeGroup, .removeExpired: throw .misplacedAnswer
    case .beginOfChanges, .changes, .awaitChange, .forgetChanges: throw .misplacedAnswer
    }
  }

  /// Waits for the answers.
  func finish(_ sent: Sent, _ layout: TableLayout, now: Timestamp) throws(SQLFailure) -> SQLAnswer {
    for cursor in sent.before { _ = try cursor.drain() }
    let cursor = sent.main
    switch sent.request {
    case .load(let lookup): return .record(try onlyRecord(of: cursor, lookup.kind))
    case .consume(let lookup):
      let record = try onlyRecord(of: cursor, lookup.kind)
      if record != nil { try erase(sent.companion, [lookup.digest]) }
      return .record(record)
    case .remove:
      let (live, found) = try cursor.digests(at: now)
      try erase(sent.companion, found)
      return .flag(!live.isEmpty)
    case .list(let kind, _, _):
      defer { cursor.finish() }
      var records: [Record] = []
      while try cursor.step() { records.append(try cursor.record(of: kind)) }
      return .listed(records)
    case .store:
      _ = try cursor.drain()
      return .done
    case .insert(let record):
      if try cursor.drain() > 0 { return .flag(true) }
      // Where an overwrite that changes nothing counts for none: an expired record may have been written as it was.
      guard traits.overlooksOverwrites, !record.isLive(at: now) else { return .flag(false) }
      return .flag(try !isLive(record.id, layout, now: now))
    case .replace, .extend: return .flag(try cursor.drain() == 1)
    case .open, .loadAll, .storeAll, .removeAll, .removeGroup, .removeExpired: throw .misplacedAnswer
    case .beginOfChanges, .changes, .awaitChange, .forgetChanges: throw .misplacedAnswer
    }
  }

  /// Sends and waits.
  func run(
    _ request: SQLRequest, _ layout: TableLayout, careful: Bool = false, now: Timestamp
  ) throws(SQLFailure) -> SQLAnswer {
    try finish(try send(request, layout, careful: careful, now: now), layout, now: now)
  }

  /// The same, and the end of the transaction with it: one round trip where statements are pipelined.
  func exchange(
    _ request: SQLRequest, _ layout: TableLayout, careful: Bool, now: Timestamp
  ) throws(SQLFailure) -> SQLAnswer {
    let sent = try send(request, layout, careful: careful, now: now)
    try announceCommit()
    let answer = try finish(sent, layout, now: now)
    try commit()
    return answer
  }

  func load(_ lookup: Lookup, _ layout: TableLayout, now: Timestamp) throws(SQLFailure) -> Record? {
    let cursor = try cursor(.load(lookup.field), in: layout.place(of: lookup.kind))
    cursor.bind(lookup, now: now)
    try cursor.send()
    return try onlyRecord(of: cursor, lookup.kind)
  }

  func isLive(_ lookup: Lookup, _ layout: TableLayout, now: Timestamp) throws(SQLFailure) -> Bool {
    let cursor = try cursor(.isLive(lookup.field), in: layout.place(of: lookup.kind))
    cursor.bind(lookup, now: now)
    try cursor.send()
    defer { cursor.finish() }
    return try cursor.step()
  }

  private func onlyRecord(of cursor: any SQLCursor, _ kind: RecordKind) throws(SQLFailure) -> Record? {
    defer { cursor.finish() }
    return try cursor.step() ? try cursor.record(of: kind) : nil
  }

  private func send(
    _ request: SQLRequest, _ statement: Statement, _ lookup: Lookup, _ table: Int, _ now: Timestamp,
    bindsNow: Bool = true
  ) throws(SQLFailure) -> Sent {
    let main = try cursor(statement, in: table)
    main.bind(lookup)
    if bindsNow { main.bind(now, at: 2) }
    try main.send()
    guard !hasReturning, let companion = statement.companion else { return Sent(request: request, main: main) }
    let kind = lookup.kind
    return Sent(
      request: request, main: main,
      companion: Companion(statement: companion, table: table, kind: kind, takesMany: false, now: bindsNow ? now : nil))
  }

  private func send(
    _ request: SQLRequest, _ statement: Statement, _ record: Record, _ table: Int, _ careful: Bool, _ now: Timestamp,
    bindMore: (any SQLCursor) -> Void
  ) throws(SQLFailure) -> Sent {
    let before = careful ? try dropExpiredHolders(of: record, table, now: now) : []
    let cursor = try cursor(statement, in: table)
    var isSent = false
    defer { if !isSent { for cursor in before { cursor.finish() } } }
    try record.payload.bytes.withUnsafeBufferPointer { (payload) throws(SQLFailure) in
      cursor.bind(record, payload: UnsafeRawBufferPointer(payload))
      bindMore(cursor)
      try cursor.send()
    }
    isSent = true
    return Sent(request: request, before: before, main: cursor)
  }

  private func dropExpiredHolders(
    of record: Record, _ table: Int, now: Timestamp
  ) throws(SQLFailure) -> [any SQLCursor] {
    var sent: [any SQLCursor] = []
    for (field, digest) in record.aliases.all {
      let cursor = try cursor(.dropExpiredHolder(field), in: table)
      cursor.bind(Lookup(kind: record.kind, field: field, digest: digest), now: now)
      try cursor.send()
      sent.append(cursor)
    }
    return sent
  }
}

extension SQLCursor {
  /// Counts the rows of a digest and `expires_at`, and the live ones among them, and finishes.
  func countLive(at now: Timestamp) throws(SQLFailure) -> (live: Int, all: Int) {
    defer { finish() }
    var (live, all) = (0, 0)
    while try step() {
      let expiresAt = try integer(at: 1)
      all += 1
      if expiresAt.map({ $0 > now.millisecondsSinceEpoch }) ?? true { live += 1 }
    }
    return (live, all)
  }
}
