/// The tables, as a list of steps from each version to the next.
package struct Schema: Sendable {
  package let layout: TableLayout
  package let part: Part
  /// `steps[n]` leads from version n to version n + 1. A released step never changes.
  package let steps: [[String]]

  /// A table that is there already may be the one that an attempt before made.
  let resumes: Bool

  package var version: Int { steps.count }

  /// What a schema is made of, each with versions of its own.
  package enum Part: String, Sendable {
    case records = "schema"
    /// What announces changes. It is there or not, for whoever writes.
    case announcements = "announcing"
  }

  /// Where the version is kept: beside the table, so that several tables in one database migrate on their own.
  package var versionTable: String { "\(layout.base.rawValue)_\(part.rawValue)" }

  /// - Parameter further: Steps after those that are released.
  package init(
    _ layout: TableLayout, dialect: any Dialect, part: Part = .records, further: [[String]] = []
  ) {
    self.layout = layout
    self.part = part
    resumes = dialect.commitsSchemaChanges
    let first =
      switch part {
      case .records: layout.tables.flatMap { FirstVersion(table: $0.rawValue, dialect: dialect).statements }
      case .announcements: dialect.announcing(layout)
      }
    steps = [first] + further
  }

  /// What makes a schema where there is none.
  package static func text(_ layout: TableLayout, dialect: any Dialect, announcesChanges: Bool) -> String {
    Schema(layout, dialect: dialect).description
      + (announcesChanges ? Schema(layout, dialect: dialect, part: .announcements).description : "")
  }

  /// What `migrate` makes of an empty database, ready to be read or piped into a client. Changes nothing where it has
  /// run before; where it was cut short it goes on.
  package var description: String {
    let statements = [createVersionTable] + steps.flatMap(\.self).map(Self.unlessThere) + [setVersionOnce]
    return statements.map { "\($0);\n" }.joined()
  }

  /// The statement, as one that leaves alone what has the name already.
  private static func unlessThere(_ statement: String) -> String {
    let beginnings = ["CREATE TABLE ", "CREATE UNLOGGED TABLE ", "CREATE INDEX ", "CREATE UNIQUE INDEX "]
    let clause = "IF NOT EXISTS "
    guard let beginning = beginnings.first(where: statement.hasPrefix), !statement.hasPrefix(beginning + clause) else {
      return statement
    }
    return beginning + clause + statement.dropFirst(beginning.count)
  }

  /// Fails where a table of another shape has the name of one of these, so that no version is claimed for it.
  private var setVersionOnce: String {
    let columns = Column.allCases.map(\.name).joined(separator: ", ")
    let tables = part == .records ? layout.tables : []
    return
      (["INSERT INTO \(versionTable) (version) SELECT version FROM (SELECT \(version) AS version) AS made"]
      + ["WHERE NOT EXISTS (SELECT 1 FROM \(versionTable))"]
      + tables.map { "AND NOT EXISTS (SELECT \(columns) FROM \($0.rawValue) WHERE 1 = 0)" })
      .joined(separator: "\n  ")
  }

  var createVersionTable: String { "CREATE TABLE IF NOT EXISTS \(versionTable) (version INTEGER NOT NULL)" }
}

/// Version 1 of one table.
private struct FirstVersion {
  let table: String
  let dialect: any Dialect

  var statements: [String] {
    let columns = Column.allCases.map(definition) + dialect.furtherColumns(of: table) + ["PRIMARY KEY (kind, digest)"]
    let inline = dialect.inlinesIndexes ? indexes.map(\.asDefinition) : []
    let body = (columns + inline).map { "  \($0)" }.joined(separator: ",\n")
    let create = "CREATE \(dialect.tableModifier)TABLE \(table) (\n\(body)\n)\(dialect.tableOptions)"
    return dialect.preparations(for: table) + [create] + (dialect.inlinesIndexes ? [] : indexes.map(\.asStatement))
      + dialect.furtherIndexes(of: table)
  }

  private func definition(_ column: Column) -> String {
    switch column {
    case .kind: "kind \(dialect.kindType) NOT NULL"
    case .digest: "digest \(dialect.digestType) NOT NULL"
    case .accessToken, .refreshToken, .subject, .providerSession, .grant: "\(column.name) \(dialect.digestType)"
    case .revision, .createdAt: "\(column.name) \(dialect.integerType) NOT NULL"
    case .expiresAt: "expires_at \(dialect.integerType)"
    case .payload: "payload \(dialect.payloadType) NOT NULL"
    }
  }

  private var indexes: [Index] {
    [
      Index(table: table, column: .accessToken, suffix: "access", isUnique: true),
      Index(table: table, column: .refreshToken, suffix: "refresh", isUnique: true),
      Index(table: table, column: .subject, suffix: "subject", isUnique: false),
      Index(table: table, column: .providerSession, suffix: "provider", isUnique: false),
      Index(table: table, column: .grant, suffix: "grant", isUnique: false),
      Index(table: table, column: .expiresAt, suffix: "expiry", isUnique: false),
    ]
  }

  private struct Index {
    let table: String
    let column: Column
    let suffix: String
    let isUnique: Bool

    private var unique: String { isUnique ? "UNIQUE " : "" }
    private var name: String { "\(table)_\(suffix)" }
    private var columns: String { isUnique ? "\(column.name), kind" : column.name }

    /// Only the rows that have the digest are indexed: what has no alias pays for none.
    var asStatement: String {
      "CREATE \(unique)INDEX \(name) ON \(table) (\(columns)) WHERE \(column.name) IS NOT NULL"
    }
    var asDefinition: String { "\(unique)KEY \(name) (\(columns))" }
  }
}
