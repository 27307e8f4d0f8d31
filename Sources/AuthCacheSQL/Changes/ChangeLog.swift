package import AuthCache

/// The log that triggers write, one row for each row that changed, in the transaction that changed it.
package enum ChangeLog {
  /// How many rows are kept. Whoever falls further behind hears a gap.
  static var capacity: Int64 { 65_536 }
  /// How many rows are read at once.
  static var page: Int { 1_024 }

  package static func name(beside table: String) -> String { "\(table)_changes" }

  static let columns = "id, kind, \(row)"
  private static let row = [Column.digest, .accessToken, .refreshToken].map(\.name).joined(separator: ", ")

  /// The statements that create triggers on every table of `layout`. An update is told under what the row has become,
  /// a removal under what it was.
  ///
  /// - Parameter trigger: the words between the name of a trigger and its statement, for an event and a table.
  package static func triggers(
    _ layout: TableLayout, _ trigger: (_ event: String, _ table: String, _ statement: String) -> String
  ) -> [String] {
    let log = name(beside: layout.base.rawValue)
    return layout.tables.flatMap { table in
      ["INSERT", "UPDATE", "DELETE"].flatMap { event in
        let name = "\(table.rawValue)_on_\(event.lowercased())"
        let side = event == "DELETE" ? "OLD" : "NEW"
        let values = (["kind"] + row.split(separator: ", ").map(String.init)).map { "\(side).\($0)" }
        let insert = "INSERT INTO \(log) (kind, \(row)) VALUES (\(values.joined(separator: ", ")))"
        return [
          "DROP TRIGGER IF EXISTS \(name)",
          "CREATE TRIGGER \(name) " + trigger("AFTER \(event)", table.rawValue, insert),
        ]
      }
    }
  }
}

/// One row of the log.
package struct LoggedChange: Sendable, Equatable {
  package let id: Int64
  /// The lookups that lead to the record, or did; none if the row is not one that this library writes.
  package let lookups: [Lookup]

  package init(id: Int64, lookups: [Lookup]) {
    self.id = id
    self.lookups = lookups
  }

  var invalidations: [Invalidation] { lookups.isEmpty ? [.gap] : lookups.map(Invalidation.record) }
}
