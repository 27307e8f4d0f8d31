/// The tables, as a list of steps from each version to the next.
package struct Schema: Sendable {
  package let table: TableName
  /// `steps[n]` leads from version n to version n + 1. A released step never changes.
  package let steps: [[String]]

  package var version: Int { steps.count }

  /// Where the version is kept: beside the table, so that several tables in one database migrate on their own.
  package var versionTable: String { "\(table.rawValue)_schema" }

  package init(table: TableName, dialect: Dialect) {
    self.table = table
    steps = [Self.firstVersion(of: table.rawValue, dialect)]
  }

  /// What `migrate` runs on an empty database, ready to be read or piped into a client.
  package var description: String {
    let statements =
      [createVersionTable] + steps.flatMap(\.self)
      + ["INSERT INTO \(versionTable) (version) VALUES (\(version))"]
    return statements.map { "\($0);\n" }.joined()
  }

  var createVersionTable: String { "CREATE TABLE IF NOT EXISTS \(versionTable) (version INTEGER NOT NULL)" }

  private static func firstVersion(of table: String, _ dialect: Dialect) -> [String] {
    func definition(_ column: Column) -> String {
      switch column {
      case .kind: "kind \(dialect.kindType) NOT NULL"
      case .digest: "digest \(dialect.digestType) NOT NULL"
      case .accessToken, .refreshToken, .subject, .providerSession, .grant: "\(column.name) \(dialect.digestType)"
      case .revision, .createdAt: "\(column.name) \(dialect.integerType) NOT NULL"
      case .expiresAt: "expires_at \(dialect.integerType)"
      case .payload: "payload \(dialect.payloadType) NOT NULL"
      }
    }
    let definitions = Column.allCases.map { "  \(definition($0)),\n" }.joined()
    let create = "CREATE TABLE \(table) (\n\(definitions)  PRIMARY KEY (kind, digest)\n)\(dialect.tableOptions)"

    // Only the rows that have the digest are indexed: what has no alias pays for none.
    func index(_ column: Column, _ suffix: String, unique: Bool) -> String {
      "CREATE \(unique ? "UNIQUE " : "")INDEX \(table)_\(suffix) ON \(table) "
        + "(\(column.name)\(unique ? ", kind" : "")) WHERE \(column.name) IS NOT NULL"
    }
    return [
      create,
      index(.accessToken, "access", unique: true),
      index(.refreshToken, "refresh", unique: true),
      index(.subject, "subject", unique: false),
      index(.providerSession, "provider", unique: false),
      index(.grant, "grant", unique: false),
      index(.expiresAt, "expiry", unique: false),
    ]
  }
}
