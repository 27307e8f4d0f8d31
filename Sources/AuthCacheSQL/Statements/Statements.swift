internal import AuthCache

/// The text of every statement for one table.
///
/// Liveness is one predicate, written once: `expires_at` absent or later than the instant that the caller binds.
package struct Statements: Sendable {
  private let texts: [String]

  package init(table: TableName, dialect: Dialect) {
    let writer = StatementWriter(table: table.rawValue, dialect: dialect)
    texts = Statement.allCases.map(writer.text(of:))
  }

  package subscript(_ statement: Statement) -> String { texts[statement.rawValue] }
}

private struct StatementWriter {
  let table: String
  let dialect: Dialect

  private func p(_ number: Int) -> String { dialect.parameter(number) }

  private func live(at parameter: Int, of row: String = "") -> String {
    "(\(row)expires_at IS NULL OR \(row)expires_at > \(p(parameter)))"
  }

  private var columns: String { Column.allCases.map(\.name).joined(separator: ", ") }
  private var selected: String { Column.selected.map(\.name).joined(separator: ", ") }

  /// `WHERE kind = 1 AND digest or alias = 2`.
  private func found(by field: Lookup.Field) -> String {
    "kind = \(p(1)) AND \(field.column.name) = \(p(2))"
  }

  func text(of statement: Statement) -> String {
    switch statement {
    case .loadByID: load(by: .id)
    case .loadByAccessToken: load(by: .accessToken)
    case .loadByRefreshToken: load(by: .refreshToken)
    case .consumeByID: consume(by: .id)
    case .consumeByAccessToken: consume(by: .accessToken)
    case .consumeByRefreshToken: consume(by: .refreshToken)
    case .removeByID: remove(by: .id)
    case .removeByAccessToken: remove(by: .accessToken)
    case .removeByRefreshToken: remove(by: .refreshToken)
    case .extendByID: extend(by: .id)
    case .extendByAccessToken: extend(by: .accessToken)
    case .extendByRefreshToken: extend(by: .refreshToken)
    case .store: upsert
    case .insert: "\(upsert) WHERE NOT \(live(at: Column.allCases.count + 1, of: "\(table)."))"
    case .replace: replace
    case .dropExpiredHolderOfAccessToken: dropExpiredHolder(of: .accessToken)
    case .dropExpiredHolderOfRefreshToken: dropExpiredHolder(of: .refreshToken)
    case .removeExpired: removeExpired
    case .removeSubject: remove(.subject)
    case .removeProviderSession: remove(.providerSession)
    case .removeGrant: remove(.grant)
    case .list:
      "SELECT \(selected) FROM \(table) WHERE kind = \(p(1)) AND digest > \(p(2)) AND \(live(at: 3)) "
        + "ORDER BY digest LIMIT \(p(4))"
    case .savepoint: "SAVEPOINT authcache"
    case .releaseSavepoint: "RELEASE SAVEPOINT authcache"
    case .rollbackToSavepoint: "ROLLBACK TO SAVEPOINT authcache"
    }
  }

  private func load(by field: Lookup.Field) -> String {
    "SELECT \(selected) FROM \(table) WHERE \(found(by: field)) AND \(live(at: 3))"
  }

  private func consume(by field: Lookup.Field) -> String {
    "DELETE FROM \(table) WHERE \(found(by: field)) AND \(live(at: 3)) RETURNING \(selected)"
  }

  /// Takes an expired row as well: what this clock calls expired may be live for another process.
  private func remove(by field: Lookup.Field) -> String {
    "DELETE FROM \(table) WHERE \(found(by: field)) RETURNING expires_at"
  }

  /// The comparison leaves a record that never expires as it is.
  private func extend(by field: Lookup.Field) -> String {
    "UPDATE \(table) SET expires_at = CASE WHEN expires_at < \(p(4)) THEN \(p(4)) ELSE expires_at END "
      + "WHERE \(found(by: field)) AND \(live(at: 3))"
  }

  private var upsert: String {
    let values = Column.allCases.map { p($0.rawValue + 1) }.joined(separator: ", ")
    let overwrites = Column.contents.map { "\($0.name) = excluded.\($0.name)" }.joined(separator: ", ")
    return "INSERT INTO \(table) (\(columns)) VALUES (\(values)) "
      + "ON CONFLICT (kind, digest) DO UPDATE SET \(overwrites)"
  }

  private var replace: String {
    let overwrites = Column.contents.map { "\($0.name) = \(p($0.rawValue + 1))" }.joined(separator: ", ")
    let count = Column.allCases.count
    return "UPDATE \(table) SET \(overwrites) WHERE \(found(by: .id)) AND \(live(at: count + 1)) "
      + "AND revision = \(p(count + 2))"
  }

  private func dropExpiredHolder(of field: Lookup.Field) -> String {
    "DELETE FROM \(table) WHERE \(found(by: field)) AND NOT \(live(at: 3))"
  }

  /// The cutoff stands in the delete itself: a record stored anew since the search is not touched.
  private var removeExpired: String {
    "DELETE FROM \(table) WHERE expires_at <= \(p(1)) AND \(dialect.rowName) IN "
      + "(SELECT \(dialect.rowName) FROM \(table) WHERE expires_at <= \(p(1)) ORDER BY expires_at LIMIT \(p(2))) "
      + "RETURNING kind"
  }

  private func remove(_ role: Group.Role) -> String {
    "DELETE FROM \(table) WHERE \(role.column.name) = \(p(1)) RETURNING expires_at"
  }
}
