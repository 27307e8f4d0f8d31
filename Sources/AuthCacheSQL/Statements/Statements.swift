internal import AuthCache

/// The text of every statement for the tables of a layout.
///
/// Liveness is one predicate, written once: `expires_at` absent or later than the instant that the caller binds.
package struct Statements: Sendable {
  private let texts: [[String]]

  package init(_ layout: TableLayout, dialect: any Dialect) {
    texts = layout.tables.map { table in
      let writer = StatementWriter(table: table.rawValue, dialect: dialect)
      return Statement.all.map(writer.text(of:))
    }
  }

  package subscript(_ statement: Statement, in table: Int) -> String { texts[table][statement.index] }
}

private struct StatementWriter {
  let table: String
  let dialect: any Dialect

  private let columns = Column.allCases.map(\.name).joined(separator: ", ")
  private let selected = Column.selected.map(\.name).joined(separator: ", ")

  init(table: String, dialect: any Dialect) {
    self.table = table
    self.dialect = dialect
  }

  private var log: String { ChangeLog.name(beside: table) }

  private func live(at parameter: String) -> String { "(expires_at IS NULL OR expires_at > \(parameter))" }

  /// The row of one lookup: kind and digest are the first two parameters.
  private func one(_ field: Lookup.Field) -> String { "kind = ?1 AND \(field.column.name) = ?2" }
  /// The rows of many lookups of one shape.
  private func many(_ field: Lookup.Field) -> String {
    "kind = ?1 AND " + dialect.isAny(field.column.name, of: "?2")
  }

  func text(of statement: Statement) -> String {
    switch statement {
    case .load(let field): select(one(field))
    case .loadMany(let field):
      dialect.selectMany(selected, from: table, by: field.column.name, where: live(at: "?3"))
    case .consume(let field): take("\(one(field)) AND \(live(at: "?3"))", selected)
    case .consumeMany(let field): take("\(many(field)) AND \(live(at: "?3"))", selected)
    // Takes an expired row as well: what this clock calls expired may be live for another process.
    case .remove(let field): take(one(field), "\(field.column.name), expires_at")
    case .removeMany(let field): take(many(field), "\(field.column.name), expires_at")
    case .eraseLive(let field): delete("\(one(field)) AND \(live(at: "?3"))")
    case .eraseLiveMany(let field): delete("\(many(field)) AND \(live(at: "?3"))")
    case .erase(let field): delete(one(field))
    case .eraseMany(let field): delete(many(field))
    case .extend(let field):
      // The comparison leaves a record that never expires as it is.
      "UPDATE \(table) SET expires_at = CASE WHEN expires_at < ?4 THEN ?4 ELSE expires_at END "
        + "WHERE \(one(field)) AND \(live(at: "?3"))"
    case .isLive(let field): "SELECT expires_at FROM \(table) WHERE \(one(field)) AND \(live(at: "?3"))"
    case .dropExpiredHolder(let field): delete("\(one(field)) AND NOT \(live(at: "?3"))")
    case .removeGroup(let role): take("\(role.column.name) = ?1", "\(role.column.name), expires_at")
    case .eraseGroup(let role): delete("\(role.column.name) = ?1")
    case .store: dialect.upsert(upsert(many: false, now: nil))
    case .storeMany: dialect.upsert(upsert(many: true, now: nil))
    case .insert: dialect.upsert(upsert(many: false, now: "?\(Column.allCases.count + 1)"))
    case .insertMany: dialect.upsert(upsert(many: true, now: "?\(Column.allCases.count + 1)")) + " RETURNING digest"
    case .replace: replace
    // The cutoff stands in the delete itself: a record stored anew since the search is not touched.
    case .removeExpired: dialect.sweep(table)
    case .eraseExpired: delete("\(many(.id)) AND expires_at <= ?3")
    case .list:
      "SELECT \(selected) FROM \(table) WHERE kind = ?1 AND digest > ?2 AND \(live(at: "?3")) ORDER BY digest LIMIT ?4"
    case .changes: "SELECT \(ChangeLog.columns) FROM \(log) WHERE id > ?1 ORDER BY id LIMIT ?2"
    case .lastChange: "SELECT max(id) FROM \(log)"
    case .missingChanges:
      "SELECT id, following FROM (SELECT id, LEAD(id) OVER (ORDER BY id) AS following FROM \(log)) AS pairs "
        + "WHERE following > id + 1 UNION ALL SELECT 0, min(id) FROM \(log) HAVING min(id) > 1"
    // A row that somebody has written and not committed is locked, and this fails at once.
    case .awaitChange: "SELECT \(ChangeLog.columns) FROM \(log) WHERE id = ?1 FOR UPDATE NOWAIT"
    case .forgetChanges: "DELETE FROM \(log) WHERE id <= ?1"
    }
  }

  private func select(_ condition: String) -> String {
    "SELECT \(selected) FROM \(table) WHERE \(condition) AND \(live(at: "?3"))"
  }

  private func take(_ condition: String, _ columns: String) -> String {
    dialect.take(from: table, where: condition, returning: columns)
  }

  private func delete(_ condition: String) -> String { "DELETE FROM \(table) WHERE \(condition)" }

  private func upsert(many: Bool, now: String?) -> Upsert {
    Upsert(
      table: table, columns: Column.allCases.map(\.name), contents: Column.contents.map(\.name), now: now,
      writesMany: many)
  }

  private var replace: String {
    let overwrites = Column.contents.map { "\($0.name) = ?\($0.rawValue + 1)" }.joined(separator: ", ")
    let count = Column.allCases.count
    return "UPDATE \(table) SET \(overwrites) WHERE \(one(.id)) AND \(live(at: "?\(count + 1)")) "
      + "AND revision = ?\(count + 2)"
  }
}
