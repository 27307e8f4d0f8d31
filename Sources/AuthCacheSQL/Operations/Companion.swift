internal import AuthCache

/// The delete that follows a locked select, where a delete can't return what it took.
struct Companion {
  let statement: Statement
  let table: Int
  let kind: RecordKind
  let takesMany: Bool
  /// What the statement takes as the present, if it does.
  let now: Timestamp?
}

extension SQLConnection {
  /// Removes what the select has found, and nothing else: what it did not find it could not lock, and by now somebody
  /// may have stored it.
  func erase(_ companion: Companion?, _ found: [RecordDigest]) throws(SQLFailure) {
    guard let companion, let first = found.first else { return }
    let cursor = try cursor(companion.statement, in: companion.table, count: found.count)
    cursor.bind(companion.kind, at: 0)
    if companion.takesMany { cursor.bind(found.sorted(), at: 1) } else { cursor.bind(first, at: 1) }
    if let now = companion.now { cursor.bind(now, at: 2) }
    try cursor.send()
    _ = try cursor.drain()
  }
}
