internal import AuthCache
internal import AuthCacheSQL
internal import CPostgres

extension SQLFailure {
  /// What a failed statement means (https://www.postgresql.org/docs/15/errcodes-appendix.html). Only the code is kept:
  /// the server's text may hold values.
  init(postgres result: OpaquePointer) {
    let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) } ?? ""
    self.init(sqlState: state)
  }

  init(sqlState state: String) {
    let meaning = Self.meaning(of: state)
    self.init(
      meaning.code, condition: meaning.condition, meaning.reason, detail: state.isEmpty ? nil : "SQLSTATE \(state)")
  }

  private static func meaning(
    of state: String
  ) -> (code: AuthCacheError.Code, condition: Condition, reason: String) {
    switch state {
    case "": (.unavailable, .disconnected, "the connection to PostgreSQL was lost: see that the server runs")
    case "23505": (.conflict, .duplicate, "another live record holds one of the aliases")
    case "40001", "40P01", "55P03": (.conflict, .contention, "another transaction won the rows: try again")
    case "57014":
      (.timeout, .broken, "PostgreSQL gave the statement up after its time: see what holds the database up")
    case "53300": (.unavailable, .disconnected, "PostgreSQL has no connection left: raise max_connections")
    case "53100": (.unavailable, .broken, "the disk of the database is full: make room and try again")
    case "53200": (.unavailable, .broken, "PostgreSQL is out of memory: look at its log")
    case "25006":
      (.unavailable, .disconnected, "the server only reads: connect to the primary, or make the database writable")
    case "57P01", "57P02", "57P03", "57P05", "25P03", "25P04":
      (
        .unavailable, .disconnected,
        "PostgreSQL ended the connection, or is starting up or shutting down: try again in a moment"
      )
    case "28P01", "28000":
      (.unavailable, .disconnected, "PostgreSQL does not accept the user name or the password: correct them")
    case "3D000": (.unavailable, .disconnected, "the database does not exist: create it, or correct its name")
    case "42501":
      (.unavailable, .confined, "the user may not use the table: grant the rights, or let another user migrate")
    case "26000":
      (
        .unavailable, .disconnected,
        "a prepared statement is gone: behind a transaction pooler switch preparesStatements off"
      )
    case "0A000": (.unavailable, .disconnected, "the table was changed while connected: try again")
    case "54000", "54001", "54011": (.tooLarge, .confined, "the record is larger than PostgreSQL takes")
    case "22P02", "22021", "22P05", "22030", "22032":
      (.invalidArgument, .confined, "the payload is no JSON, and the table keeps it as JSON")
    case "XX001", "XX002": (.corrupt, .broken, "the database is damaged: restore it from a backup")
    case "42P07", "42710": (.unsupported, .confined, "something in the database has that name already")
    default:
      switch state.prefix(2) {
      case "08": (.unavailable, .disconnected, "the connection to PostgreSQL was lost: see that the server runs")
      case "42", "3F":
        (.unavailable, .confined, "the table is not what this library made: see that nobody changed it")
      case "23": (.invalidArgument, .confined, "the table has a constraint that this library does not know")
      case "53": (.unavailable, .broken, "PostgreSQL lacks a resource: look at its log")
      default: (.unavailable, .broken, "PostgreSQL could not do it: look at its log")
      }
    }
  }
}
