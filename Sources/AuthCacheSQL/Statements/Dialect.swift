/// What differs between databases in the text of a statement.
///
/// Texts name parameters `?1`, `?2`, …, and a list `?2*`; a driver whose database writes them otherwise renders them
/// with ``ParameterStyle``.
package protocol Dialect: Sendable {
  /// The column types.
  var kindType: String { get }
  var digestType: String { get }
  var integerType: String { get }
  var payloadType: String { get }
  /// What stands between `CREATE` and `TABLE`.
  var tableModifier: String { get }
  /// Definitions after the columns of the contract.
  func furtherColumns(of table: String) -> [String]
  /// What has to be there before that table is made.
  func preparations(for table: String) -> [String]
  /// What follows the closing parenthesis of a table.
  var tableOptions: String { get }
  /// Indexes stand in the definition of the table, and an index can't leave rows out.
  var inlinesIndexes: Bool { get }
  /// A change of the schema commits by itself: one that was cut short is taken up where it ended.
  var commitsSchemaChanges: Bool { get }

  /// Indexes beside those of the contract.
  func furtherIndexes(of table: String) -> [String]

  /// `column` is one of a list.
  func isAny(_ column: String, of parameter: String) -> String
  /// Selects, of the rows of kind `?1` for which `condition` holds, those whose `column` is one of the list `?2`, in
  /// which nothing is named twice.
  func selectMany(_ columns: String, from table: String, by column: String, where condition: String) -> String
  /// Writes a row, or every row of a set of arrays, over what is under its key; only over a row for which
  /// `condition` holds, if there is one. Rows with another key stay as they are, whatever else they share.
  func upsert(_ upsert: Upsert) -> String
  /// Removes what expired by `?1`, at most `?2` rows, and returns their kinds; or selects kind and digest of what
  /// is to go, where the driver's traits say so.
  func sweep(_ table: String) -> String
  /// What makes every writer announce what it changes, whoever it is; may be run again.
  func announcing(_ layout: TableLayout) -> [String]
  /// A delete that returns `columns`, or else a select that locks the same rows.
  func take(from table: String, where condition: String, returning columns: String) -> String
}

extension Dialect {
  package var tableModifier: String { "" }
  package func furtherColumns(of table: String) -> [String] { [] }
  package func preparations(for table: String) -> [String] { [] }
  package var tableOptions: String { "" }
  package var inlinesIndexes: Bool { false }
  package var commitsSchemaChanges: Bool { false }

  package func announcing(_ layout: TableLayout) -> [String] { [] }

  package func furtherIndexes(of table: String) -> [String] { [] }

  package func isAny(_ column: String, of parameter: String) -> String { "\(column) IN (\(parameter)*)" }

  package func selectMany(
    _ columns: String, from table: String, by column: String, where condition: String
  ) -> String {
    "SELECT \(columns) FROM \(table) WHERE kind = ?1 AND \(isAny(column, of: "?2")) AND \(condition)"
  }

  package func take(from table: String, where condition: String, returning columns: String) -> String {
    "DELETE FROM \(table) WHERE \(condition) RETURNING \(columns)"
  }

  package func upsert(_ upsert: Upsert) -> String {
    let overwrites = upsert.contents.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
    let condition = upsert.condition.map { " WHERE \($0)" } ?? ""
    return "INSERT INTO \(upsert.table) (\(upsert.columns.joined(separator: ", "))) \(upsert.source) "
      + "ON CONFLICT (kind, digest) DO UPDATE SET \(overwrites)\(condition)"
  }
}

/// The parts of an upsert.
package struct Upsert: Sendable {
  package let table: String
  package let columns: [String]
  /// Every column but the key.
  package let contents: [String]
  /// The instant by which a row that may be overwritten has expired; nil if every row may be.
  package let now: String?
  /// It writes all rows of a set of arrays.
  package let writesMany: Bool

  /// What the row that is there must be like; names its columns with the table.
  package var condition: String? {
    now.map { "\(table).expires_at IS NOT NULL AND \(table).expires_at <= \($0)" }
  }
  /// `VALUES (?1, …)`.
  package var source: String {
    "VALUES (\(columns.indices.map { "?\($0 + 1)" }.joined(separator: ", ")))"
  }
}

/// How a database writes parameters.
package enum ParameterStyle: Sendable {
  /// `?1`, as the texts have them.
  case asWritten
  /// `$1`, each as often as it is needed; a list is one parameter.
  case dollar
  /// `?` for each place; a list is as many places as it has elements.
  case questionMark

  /// The text for this style.
  ///
  /// - Parameter count: How many elements a list has.
  /// - Returns: the text, and for each place of `questionMark` which parameter it is, counted from zero.
  package func render(_ text: String, count: Int) -> (text: String, places: [Int]) {
    var rendered = ""
    var places: [Int] = []
    var rest = text[...]
    while let mark = rest.firstIndex(of: "?") {
      rendered += rest[..<mark]
      rest = rest[rest.index(after: mark)...]
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest[digits.endIndex...]
      let isList = rest.first == "*"
      if isList { rest = rest.dropFirst() }
      let number = Int(digits) ?? 1
      switch self {
      case .asWritten: rendered += "?\(digits)"
      case .dollar: rendered += "$\(digits)"
      case .questionMark:
        let repeats = isList ? count : 1
        rendered += Array(repeating: "?", count: repeats).joined(separator: ", ")
        places += Array(repeating: number - 1, count: repeats)
      }
    }
    return (rendered + rest, places)
  }
}
