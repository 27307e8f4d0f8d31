package import AuthCache

/// Which table the records of a kind lie in: one for all, or one for each kind of the vocabulary.
package struct TableLayout: Sendable, Hashable {
  /// The name that was configured: that of the only table, or of the one for kinds that have none of their own.
  package let base: TableName
  /// All tables; the first is `base`.
  package let tables: [TableName]
  private let places: [RecordKind: Int]

  /// One table for every kind.
  package init(_ table: TableName) {
    base = table
    tables = [table]
    places = [:]
  }

  /// A table for each kind of the vocabulary, named after it, beside `base` for all others.
  ///
  /// - Throws: `invalidArgument` if a name gets too long.
  package init(perKind base: TableName) throws(AuthCacheError) {
    var tables = [base]
    var places: [RecordKind: Int] = [:]
    for kind in RecordKind.standard {
      places[kind] = tables.count
      tables.append(try TableName("\(base.rawValue)_\(Self.word(kind))"))
    }
    self.base = base
    self.tables = tables
    self.places = places
  }

  package func place(of kind: RecordKind) -> Int { places.isEmpty ? 0 : places[kind] ?? 0 }

  /// `spent_refresh` for `spentRefresh`.
  private static func word(_ kind: RecordKind) -> String {
    kind.rawValue.reduce(into: "") { word, letter in
      word += letter.isUppercase ? "_\(letter.lowercased())" : String(letter)
    }
  }
}
