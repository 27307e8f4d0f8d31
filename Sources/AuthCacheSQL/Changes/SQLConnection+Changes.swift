internal import AuthCache

extension SQLConnection {
  /// Where whoever listens from now on begins; nil where changes are not logged.
  func beginOfChanges(_ layout: TableLayout) throws(SQLFailure) -> ChangePosition? {
    let version = "SELECT max(version) FROM \(layout.base.rawValue)_\(Schema.Part.announcements.rawValue)"
    do throws(SQLFailure) {
      guard try integer(version) ?? 0 > 0 else { return nil }
    } catch {
      if error.condition == .disconnected || error.condition == .busy { throw error }
      return nil
    }
    let last = try lastChange() ?? 0
    guard !traits.logsInOrder else { return ChangePosition(last: last, isInOrder: true) }
    let cursor = try cursor(.missingChanges, in: 0)
    try cursor.send()
    defer { cursor.finish() }
    var missing: [Int64] = []
    while try cursor.step() {
      guard let before = try cursor.integer(at: 0), let after = try cursor.integer(at: 1), after - before < 65_536
      else { continue }
      missing += (before + 1)..<after
    }
    return ChangePosition(last: last, missing: missing.sorted().suffix(4_096), isInOrder: false)
  }

  /// Everything in the log after `id`, up to what can have been written since somebody listened.
  func changes(after id: Int64) throws(SQLFailure) -> SQLAnswer {
    let end = try lastChange()
    var changes: [LoggedChange] = []
    var start = id
    guard (end ?? 0) - id <= ChangeLog.capacity else { return .changes([], last: end) }
    while true {
      let page = try self.changes(.changes, from: start, limit: ChangeLog.page)
      changes += page
      guard page.count == ChangeLog.page, let last = page.last else { break }
      start = last.id
    }
    return .changes(changes, last: end)
  }

  /// The change with that number, or none if nobody is about to write it. Fails at once if somebody is.
  func awaitChange(_ id: Int64) throws(SQLFailure) -> SQLAnswer {
    .changes(try changes(.awaitChange, from: id, limit: nil), last: nil)
  }

  func forgetChanges(through id: Int64) throws(SQLFailure) -> SQLAnswer {
    let cursor = try cursor(.forgetChanges, in: 0)
    cursor.bind(id, at: 0)
    try cursor.send()
    return .count(try cursor.drain())
  }

  private func lastChange() throws(SQLFailure) -> Int64? {
    let cursor = try cursor(.lastChange, in: 0)
    try cursor.send()
    defer { cursor.finish() }
    return try cursor.step() ? try cursor.integer(at: 0) : nil
  }

  private func changes(_ statement: Statement, from id: Int64, limit: Int?) throws(SQLFailure) -> [LoggedChange] {
    let cursor = try cursor(statement, in: 0)
    cursor.bind(id, at: 0)
    if let limit { cursor.bind(Int64(limit), at: 1) }
    try cursor.send()
    defer { cursor.finish() }
    var changes: [LoggedChange] = []
    while try cursor.step() {
      guard let id = try cursor.integer(at: 0) else { continue }
      changes.append(LoggedChange(id: id, lookups: try cursor.lookups()))
    }
    return changes
  }
}

extension SQLCursor {
  fileprivate func lookups() throws(SQLFailure) -> [Lookup] {
    guard let kind = RecordKind(rawValue: try text(at: 1)), let id = try digest(at: 2) else { return [] }
    var lookups = [Lookup.id(kind, id)]
    if let token = try digest(at: 3) { lookups.append(Lookup(kind: kind, field: .accessToken, digest: token)) }
    if let token = try digest(at: 4) { lookups.append(Lookup(kind: kind, field: .refreshToken, digest: token)) }
    return lookups
  }
}
