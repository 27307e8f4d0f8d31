/// What a server can do, as its version says.
///
/// Sources: https://mariadb.com/kb/en/delete/ (RETURNING since 10.0.5; that of INSERT, since 10.5, is not used),
/// https://mariadb.com/kb/en/bulk-insert-column-wise-binding/ (since 10.2.6).
package struct MySQLServer: Sendable, Hashable {
  package let isMariaDB: Bool
  /// A delete can return what it took. MySQL proper has no such delete.
  package let deletesReturning: Bool
  /// One execution can write many rows. MySQL proper has no such execution.
  package let executesArrays: Bool

  /// - Parameter version: As the server greets: `8.0.39`, `11.4.2-MariaDB`, or with the prefix `5.5.5-` that MariaDB
  ///   puts before its version for old replicas. What can't be read can do nothing.
  package init(version: String) {
    isMariaDB = version.contains("MariaDB")
    let own = version.hasPrefix("5.5.5-") && isMariaDB ? version.dropFirst("5.5.5-".count) : version[...]
    let numbers = own.prefix { $0 == "." || ("0"..."9").contains($0) }.split(separator: ".").map { Int($0) ?? 0 }
    let isMariaDB = isMariaDB
    func isSince(_ first: [Int]) -> Bool { isMariaDB && !numbers.lexicographicallyPrecedes(first) }
    deletesReturning = isSince([10, 0, 5])
    executesArrays = isSince([10, 2, 6])
  }

  /// An expression for the name of the lock that belongs to a table of the database in use: of 58 letters, because
  /// MySQL takes no more than 64, and for that database alone, because such locks are the whole server's.
  ///
  /// Where a server folds the case of names two tables may share one, and wait for each other for a moment.
  package static func lockName(for table: String) -> String {
    "CONCAT('authcache:', LEFT(SHA2(LOWER(CONCAT(DATABASE(), '/', '\(table)')), 256), 48))"
  }
}
