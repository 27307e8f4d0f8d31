/// What differs between databases in the text of a statement.
package struct Dialect: Sendable {
  /// The column types.
  package var kindType: String
  package var digestType: String
  package var integerType: String
  package var payloadType: String
  /// What follows the closing parenthesis of a table.
  package var tableOptions: String
  /// How the table names its own rows, for a delete with a limit.
  package var rowName: String

  package init(
    kindType: String, digestType: String, integerType: String, payloadType: String, tableOptions: String,
    rowName: String
  ) {
    self.kindType = kindType
    self.digestType = digestType
    self.integerType = integerType
    self.payloadType = payloadType
    self.tableOptions = tableOptions
    self.rowName = rowName
  }

  /// The parameter with this number, counted from one.
  func parameter(_ number: Int) -> String { "?\(number)" }
}
