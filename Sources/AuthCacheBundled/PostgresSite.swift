internal import AuthCacheConformance
internal import AuthCachePostgres
internal import CPostgres
internal import Foundation

/// The tables behind a check, approached from outside the backend.
struct PostgresSite {
  let url: String
  let table: String

  init(of environment: BackendEnvironment) throws {
    guard let url = environment.url else { throw Blocked(Self.howToReachOne) }
    self.url = url
    table = environment.namespace
  }

  static let howToReachOne =
    "no PostgreSQL was named: give --url postgres://user:password@host/database, set AUTHCACHE_POSTGRES_URL, "
    + "or let --ephemeral start one"

  func dropTables() throws {
    try run(
      "DROP TABLE IF EXISTS \(table), \(table)_schema, \(table)_announcing; DROP FUNCTION IF EXISTS \(table)_announce")
  }

  /// Takes the table away under the backend's feet, so that no operation can be answered.
  func breakOff() throws { try run("ALTER TABLE \(table) RENAME TO \(table)_cut") }

  func mend() throws { try run("ALTER TABLE \(table)_cut RENAME TO \(table)") }

  func corruptPayloads() throws { try run("UPDATE \(table) SET payload = sha512(payload)") }

  /// Every column of every row.
  func everyByte() throws -> [[UInt8]] {
    try connected { connection in
      let result = PQexecParams(connection, "SELECT * FROM \(table)", 0, nil, nil, nil, nil, 1)
      defer { PQclear(result) }
      guard PQresultStatus(result) == PGRES_TUPLES_OK else { throw fault(connection) }
      return (0..<PQntuples(result)).flatMap { row in
        (0..<PQnfields(result)).map { column in
          [UInt8](
            UnsafeRawBufferPointer(
              start: PQgetvalue(result, row, column), count: Int(PQgetlength(result, row, column))))
        }
      }
    }
  }

  func server() throws -> String {
    try connected { connection in
      let version = PQserverVersion(connection)
      return "PostgreSQL \(version / 10_000).\(version % 10_000)"
    }
  }

  private func run(_ text: String) throws {
    try connected { connection in
      let result = PQexec(connection, "SET client_min_messages = error; " + text)
      defer { PQclear(result) }
      guard PQresultStatus(result) == PGRES_COMMAND_OK else { throw fault(connection) }
    }
  }

  private func connected<Result>(_ body: (OpaquePointer?) throws -> Result) throws -> Result {
    let connection = PQconnectdb(url)
    defer { PQfinish(connection) }
    guard PQstatus(connection) == CONNECTION_OK else { throw Blocked("PostgreSQL can't be reached from outside") }
    return try body(connection)
  }

  private func fault(_ connection: OpaquePointer?) -> Blocked {
    Blocked("PostgreSQL: \(connection.map { String(cString: PQerrorMessage($0)) } ?? "")")
  }
}
