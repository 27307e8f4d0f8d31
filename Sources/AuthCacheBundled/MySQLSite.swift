internal import AuthCache
internal import AuthCacheConformance
internal import AuthCacheMySQL
internal import CMariaDB
internal import Foundation

/// The tables behind a check, approached from outside the backend.
struct MySQLSite {
  private let address: MySQLBackend.Address
  private let table: String

  // Inlined, its two kinds of throwing make the optimiser of Swift 6.3.1 stop.
  @inline(never)
  init(of environment: BackendEnvironment) throws {
    guard let url = environment.url else { throw Blocked(Self.howToReachOne) }
    address = try MySQLBackend.Address(url: url)
    table = environment.namespace
  }

  static let howToReachOne =
    "no MariaDB or MySQL was named: give --url mysql://user:password@host/database, set AUTHCACHE_MYSQL_URL, "
    + "or let --ephemeral start one"

  func dropTables() throws {
    try run("DROP TABLE IF EXISTS \(table), \(table)_schema, \(table)_announcing, \(table)_changes")
  }

  /// Takes the table away under the backend's feet, so that no operation can be answered.
  func breakOff() throws { try run("RENAME TABLE \(table) TO \(table)_cut") }

  func mend() throws { try run("RENAME TABLE \(table)_cut TO \(table)") }

  func corruptPayloads() throws { try run("UPDATE \(table) SET payload = UNHEX(SHA2(payload, 512))") }

  /// Every column of every row.
  func everyByte() throws -> [[UInt8]] {
    try connected { connection in
      try Self.run("SELECT * FROM \(table)", on: connection)
      guard let result = mysql_store_result(connection) else { throw Self.fault(connection) }
      defer { mysql_free_result(result) }
      var columns: [[UInt8]] = []
      while let row = mysql_fetch_row(result), let lengths = mysql_fetch_lengths(result) {
        for column in 0..<Int(mysql_num_fields(result)) {
          columns.append([UInt8](UnsafeRawBufferPointer(start: row[column], count: Int(lengths[column]))))
        }
      }
      return columns
    }
  }

  func server() throws -> String {
    try connected { connection in
      let version = String(cString: mysql_get_server_info(connection))
      let number = version.split(separator: "-").first { $0.contains(".") && !$0.hasPrefix("5.5.5") }
      return "\(version.contains("MariaDB") ? "MariaDB" : "MySQL") \(number.map(String.init) ?? version)"
    }
  }

  private func run(_ text: String) throws { try connected { try Self.run(text, on: $0) } }

  private static func run(_ text: String, on connection: UnsafeMutablePointer<MYSQL>) throws {
    guard mysql_real_query(connection, text, UInt(text.utf8.count)) == 0 else { throw fault(connection) }
  }

  private func connected<Result>(_ body: (UnsafeMutablePointer<MYSQL>) throws -> Result) throws -> Result {
    guard let connection = mysql_init(nil) else { throw Blocked("the MySQL client library is out of memory") }
    defer { mysql_close(connection) }
    guard
      mysql_real_connect(
        connection, address.socket == nil ? address.host ?? "127.0.0.1" : nil, address.user, address.password,
        address.database, UInt32(address.port ?? 0), address.socket, 0) != nil
    else { throw Blocked("the MySQL server can't be reached from outside") }
    return try body(connection)
  }

  private static func fault(_ connection: UnsafeMutablePointer<MYSQL>) -> Blocked {
    Blocked("the MySQL server: \(String(cString: mysql_error(connection)))")
  }
}
