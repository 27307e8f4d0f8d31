internal import AuthCache

extension Schema {
  /// Brings the database to this version. Repeatable; any number of processes may do it at once: one does the work
  /// under a lock, and the others find it done.
  ///
  /// - Throws: `unsupported` if the database has a newer version, or something else under a table's name.
  package func migrate(on connection: any SQLConnection) throws(SQLFailure) {
    // A database that is up to date is opened without the lock.
    if let found = try installedVersionIfAny(on: connection), try isCurrent(found) { return }
    try connection.beginMigrating(versionTable)
    do throws(SQLFailure) {
      try connection.execute(createVersionTable)
      let found = try installedVersion(on: connection)
      if try !isCurrent(found ?? 0) {
        try advance(from: found, on: connection)
      }
      try connection.commit()
    } catch {
      connection.rollback()
      throw error
    }
  }

  private func advance(from found: Int?, on connection: any SQLConnection) throws(SQLFailure) {
    for (number, step) in steps.enumerated().dropFirst(found ?? 0) {
      for (index, statement) in step.enumerated() {
        do throws(SQLFailure) {
          try connection.execute(statement)
        } catch {
          // A later step finds its tables, and says itself how it goes on where it was cut short.
          guard error.condition == .confined, number == 0 else { throw error }
          guard part == .records else { throw cannotAnnounce(error) }
          guard resumes, index < layout.tables.count, isOurs(layout.tables[index], on: connection) else {
            throw nameIsTaken(error.detail)
          }
        }
      }
    }
    try connection.execute("DELETE FROM \(versionTable)")
    try connection.execute("INSERT INTO \(versionTable) (version) VALUES (\(version))")
  }

  private func isOurs(_ table: TableName, on connection: any SQLConnection) -> Bool {
    let columns = Column.allCases.map(\.name).joined(separator: ", ")
    do throws(SQLFailure) {
      try connection.execute("SELECT \(columns) FROM \(table.rawValue) WHERE 1 = 0")
      return true
    } catch {
      return false
    }
  }

  private func cannotAnnounce(_ failure: SQLFailure) -> SQLFailure {
    var failure = failure
    failure.reason =
      "changes of \(layout.base.rawValue) can't be announced, the triggers could not be made: " + failure.reason
    return failure
  }

  /// Whether this part is there.
  package func isInstalled(on connection: any SQLConnection) throws(SQLFailure) -> Bool {
    try installedVersionIfAny(on: connection) ?? 0 > 0
  }

  private func nameIsTaken(_ detail: String?) -> SQLFailure {
    SQLFailure(
      .unsupported,
      "the table \(layout.base.rawValue) can't be created: something in the database has its name; "
        + "choose another table name", detail: detail)
  }

  private func isCurrent(_ found: Int) throws(SQLFailure) -> Bool {
    guard found <= version else {
      throw SQLFailure(
        .unsupported,
        "the table \(layout.base.rawValue) has schema version \(found) and this release knows versions up to "
          + "\(version): use a newer release, or another table name")
    }
    guard found >= 0 else { throw SQLFailure(.corrupt, "the schema version in \(versionTable) is negative") }
    return found == version
  }

  private func installedVersion(on connection: any SQLConnection) throws(SQLFailure) -> Int? {
    try connection.integer("SELECT max(version) FROM \(versionTable)").map(Int.init)
  }

  /// Nil where there is no such table yet.
  private func installedVersionIfAny(on connection: any SQLConnection) throws(SQLFailure) -> Int? {
    do throws(SQLFailure) {
      return try installedVersion(on: connection)
    } catch {
      if error.condition == .disconnected { throw error }
      return nil
    }
  }
}
