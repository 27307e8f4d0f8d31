internal import AuthCacheSQL

/// MariaDB, or MySQL proper where a delete can't return what it took.
struct MySQLDialect: Dialect {
  let hasReturning: Bool

  /// Compared by bytes. A kind holds no spaces, which this collation would not tell from none.
  var kindType: String { "VARCHAR(15) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin" }
  var digestType: String { "BINARY(32)" }
  var integerType: String { "BIGINT" }
  var payloadType: String { "LONGBLOB" }
  var tableOptions: String { " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4" }
  var inlinesIndexes: Bool { true }
  var commitsSchemaChanges: Bool { true }

  func take(from table: String, where condition: String, returning columns: String) -> String {
    hasReturning
      ? "DELETE FROM \(table) WHERE \(condition) RETURNING \(columns)"
      : "SELECT \(columns) FROM \(table) WHERE \(condition) FOR UPDATE"
  }

  /// `ON DUPLICATE KEY UPDATE` takes the first row that shares any unique key. If that is another record's, because of
  /// an alias, the revision becomes NULL, which the column does not allow, and nothing happens.
  func upsert(_ upsert: Upsert) -> String {
    let table = upsert.table
    let isSame = "\(table).kind = VALUES(kind) AND \(table).digest = VALUES(digest)"
    // From left to right: what the conditions look at is set last.
    let contents = upsert.contents.filter { $0 != "expires_at" && $0 != "revision" } + ["expires_at"]
    let isOver = upsert.now.map { "expires_at IS NOT NULL AND expires_at <= \($0)" }
    func value(_ column: String) -> String {
      isOver.map { "IF(\($0), VALUES(\(column)), \(table).\(column))" } ?? "VALUES(\(column))"
    }
    let revision = "revision = IF(\(isSame), \(value("revision")), NULL)"
    let assignments = [revision] + contents.map { "\($0) = \(value($0))" }
    return "INSERT INTO \(table) (\(upsert.columns.joined(separator: ", "))) \(upsert.source) "
      + "ON DUPLICATE KEY UPDATE \(assignments.joined(separator: ", "))"
  }

  /// The numbers are drawn as the rows are written and not as they are committed.
  func announcing(_ layout: TableLayout) -> [String] {
    let log = ChangeLog.name(beside: layout.base.rawValue)
    let table =
      "CREATE TABLE IF NOT EXISTS \(log) (\n  id BIGINT NOT NULL AUTO_INCREMENT,\n  kind \(kindType) NOT NULL,\n"
      + "  digest \(digestType) NOT NULL,\n  access_token_digest \(digestType),\n"
      + "  refresh_token_digest \(digestType),\n  PRIMARY KEY (id)\n)\(tableOptions)"
    return [table] + ChangeLog.triggers(layout) { "\($0) ON \($1) FOR EACH ROW \($2)" }
  }

  func sweep(_ table: String) -> String {
    "SELECT kind, digest FROM \(table) WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2"
  }
}
