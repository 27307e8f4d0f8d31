import AuthCacheMySQL
import CMariaDB
import CPostgres

/// A connection without the backend in between: text in, text out. Blocks.
final class RawSession {
  private enum Handle {
    case postgres(OpaquePointer)
    case mariadb(UnsafeMutablePointer<MYSQL>)
  }

  private let handle: Handle

  var isPostgres: Bool { if case .postgres = handle { true } else { false } }

  struct Fault: Error, CustomStringConvertible { let description: String }

  init(_ database: Database, at url: String) throws {
    switch database {
    case .postgres:
      guard let connection = PQconnectdb(url) else { throw Fault(description: "libpq is out of memory") }
      handle = .postgres(connection)
      PQsetNoticeProcessor(connection, { _, _ in }, nil)
      guard PQstatus(connection) == CONNECTION_OK else { throw Fault(description: Self.complaint(handle)) }
    case .mariadb, .mariadbLocked:
      let address = try MySQLBackend.Address(url: url)
      guard let connection = mysql_init(nil) else { throw Fault(description: "libmariadb is out of memory") }
      handle = .mariadb(connection)
      guard
        mysql_real_connect(
          connection, address.socket == nil ? address.host : nil, address.user, address.password, address.database,
          UInt32(address.port ?? 0), address.socket, 0) != nil
      else { throw Fault(description: Self.complaint(handle)) }
    }
  }

  deinit {
    switch handle {
    case .postgres(let connection): PQfinish(connection)
    case .mariadb(let connection): mysql_close(connection)
    }
  }

  /// Runs one statement: its rows, the columns of each joined by `|`.
  @discardableResult
  func run(_ text: String) throws -> [String] {
    switch handle {
    case .postgres(let connection):
      let result = PQexec(connection, text)
      defer { PQclear(result) }
      guard [PGRES_TUPLES_OK, PGRES_COMMAND_OK].contains(PQresultStatus(result)) else {
        throw Fault(description: Self.complaint(handle))
      }
      return (0..<PQntuples(result)).map { row in
        (0..<PQnfields(result)).map { String(cString: PQgetvalue(result, row, $0)) }.joined(separator: "|")
      }
    case .mariadb(let connection):
      guard mysql_real_query(connection, text, UInt(text.utf8.count)) == 0 else {
        throw Fault(description: Self.complaint(handle))
      }
      guard let result = mysql_store_result(connection) else { return [] }
      defer { mysql_free_result(result) }
      var rows: [String] = []
      while let row = mysql_fetch_row(result) {
        rows.append(
          (0..<Int(mysql_num_fields(result))).map { row[$0].map { String(cString: $0) } ?? "" }.joined(separator: "|"))
      }
      return rows
    }
  }

  private static func complaint(_ handle: Handle) -> String {
    switch handle {
    case .postgres(let connection): String(cString: PQerrorMessage(connection))
    case .mariadb(let connection): String(cString: mysql_error(connection))
    }
  }
}

extension RawSession {
  /// The payloads of the notifications that have come since the last time, in order. PostgreSQL only.
  func notifications() throws -> [String] {
    guard case .postgres(let connection) = handle else { return [] }
    guard PQconsumeInput(connection) == 1 else { throw Fault(description: Self.complaint(handle)) }
    var payloads: [String] = []
    while let notification = PQnotifies(connection) {
      payloads.append(String(cString: notification.pointee.extra))
      PQfreemem(notification)
    }
    return payloads
  }
}

extension RawSession {
  /// Ends every connection but this one. Returns how many there were.
  @discardableResult
  func killOthers() throws -> Int {
    switch handle {
    case .postgres:
      return try run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
          + "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
      ).count
    case .mariadb:
      let others = try run("SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID()")
      // Who has gone meanwhile is not to be found.
      return others.count { (try? run("KILL \($0)")) != nil }
    }
  }

  /// How many connections there are besides this one.
  func others() throws -> Int {
    switch handle {
    case .postgres:
      try run(
        "SELECT 1 FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
      ).count
    case .mariadb: try run("SELECT 1 FROM information_schema.processlist WHERE id <> CONNECTION_ID()").count
    }
  }

  /// Whether some statement waits for a lock.
  func somebodyWaits() throws -> Bool {
    switch handle {
    case .postgres: try !run("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'").isEmpty
    case .mariadb:
      // Not innodb_trx: whoever looks there often sees what was.
      try run(
        "SELECT variable_value FROM information_schema.global_status "
          + "WHERE variable_name = 'Innodb_row_lock_current_waits'") != ["0"]
    }
  }
}

extension RawSession {
  /// What that sequence says next.
  func next(of table: String) throws -> Int {
    let sequence =
      switch handle {
      case .postgres: "'\(table)_q'"
      case .mariadb: "\(table)_q"
      }
    return Int(try run("SELECT nextval(\(sequence))").first ?? "") ?? 0
  }

  /// From now on a sequence counts every row of that table that is inserted, overwritten or removed.
  func countDeeds(on table: String) throws {
    try run("CREATE SEQUENCE \(table)_q")
    switch handle {
    case .postgres:
      try run(
        "CREATE FUNCTION \(table)_f() RETURNS trigger LANGUAGE plpgsql AS "
          + "$$ BEGIN PERFORM nextval('\(table)_q'); RETURN coalesce(NEW, OLD); END $$")
      try run(
        "CREATE TRIGGER \(table)_t BEFORE INSERT OR UPDATE OR DELETE ON \(table) FOR EACH ROW EXECUTE FUNCTION \(table)_f()"
      )
    case .mariadb:
      for deed in ["INSERT", "UPDATE", "DELETE"] {
        try run(
          "CREATE TRIGGER \(table)_\(deed) BEFORE \(deed) ON \(table) FOR EACH ROW "
            + "SET @deed = nextval(\(table)_q)")
      }
    }
  }
}
