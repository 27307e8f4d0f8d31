internal import AuthCache
internal import AuthCacheConformance
internal import CSQLite
internal import Foundation

/// The file behind a check, approached from outside the backend.
struct SQLiteFile {
  let path: String
  let table: String

  init(of environment: BackendEnvironment) throws {
    if let url = environment.url {
      path = SQLiteAddress.path(url)
    } else {
      path = environment.directory + "/auth.sqlite"
    }
    table = environment.namespace
  }

  /// Takes the namespace's tables out of a file that others use too.
  func dropTables() throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    let tables = ["", "_schema", "_announcing", "_changes"].map { table + $0 }
    try run(tables.map { "DROP TABLE IF EXISTS \($0);" }.joined(separator: " "))
  }

  /// Takes the table away under the backend's feet, so that no operation can be answered.
  func breakOff() throws { try run("ALTER TABLE \(table) RENAME TO \(table)_cut;") }

  func mend() throws { try run("ALTER TABLE \(table)_cut RENAME TO \(table);") }

  func corruptPayloads() throws { try run("UPDATE \(table) SET payload = randomblob(length(payload) + 1);") }

  /// The database and its log, as they lie on the disk.
  func everyByte() throws -> [[UInt8]] {
    try ["", "-wal"].compactMap { suffix in
      guard FileManager.default.fileExists(atPath: path + suffix) else { return nil }
      return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path + suffix)))
    }
  }

  private func run(_ text: String) throws {
    var database: OpaquePointer?
    defer { sqlite3_close_v2(database) }
    guard sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK else {
      throw Blocked("\(path) can't be opened from outside")
    }
    sqlite3_busy_timeout(database, 5_000)
    guard sqlite3_exec(database, text, nil, nil, nil) == SQLITE_OK else {
      throw Blocked("\(path): \(database.map { String(cString: sqlite3_errmsg($0)) } ?? "")")
    }
  }
}
