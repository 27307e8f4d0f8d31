internal import AuthCache
internal import AuthCacheSQL

extension SQLFailure {
  /// What an error number means (https://mariadb.com/kb/en/mariadb-error-codes/). Only the number is kept: the
  /// server's text may hold values.
  init(mysql number: Int32, text: UnsafePointer<CChar>? = nil) {
    let meaning = Self.meaning(of: Self.isAboutSpace(number, text) ? 1021 : number)
    self.init(meaning.code, condition: meaning.condition, meaning.reason, detail: "error \(number)")
  }

  /// Some errors tell only in their text why. Its words are the server's language's, but in all of them the system's
  /// number, or the storage engine's, stands before what it means: `(Errcode: 28 "No space left on device")` in
  /// MariaDB, `(OS errno 28 - No space left on device)` in MySQL.
  private static func isAboutSpace(_ number: Int32, _ text: UnsafePointer<CChar>?) -> Bool {
    guard let text, tellingWhy.contains(number) || tellingEnginesWhy.contains(number) else { return false }
    // The last, because the name of a file may come before it.
    let reason = String(cString: text).matches(of: /([0-9]+) ["\-]/).last?.output.1
    // ENOSPC; and "no more room in record file", which another number would mean to the system.
    return reason == "28" || reason == "135" && tellingEnginesWhy.contains(number)
  }

  /// A file or a folder can't be made, written, closed, lengthened or flushed.
  private static let tellingWhy: Set<Int32> = [1, 3, 4, 14, 21, 27, 1004, 1006, 1026]
  /// A table can't be made; the storage engine says no.
  private static let tellingEnginesWhy: Set<Int32> = [1005, 1030]

  private static func meaning(
    of number: Int32
  ) -> (code: AuthCacheError.Code, condition: Condition, reason: String) {
    switch number {
    // The NULL that the upsert writes where an alias belongs to another record counts as a duplicate.
    case 1062, 1048, 1586: (.conflict, .duplicate, "another live record holds one of the aliases")
    case 1213, 1020: (.conflict, .contention, "another transaction won the rows: try again")
    case 1205: (.timeout, .broken, "another transaction holds the rows for too long: find it")
    case 1969, 3024: (.timeout, .broken, "the server gave the statement up after its time: see what holds it up")
    case 1040, 1203, 1226: (.unavailable, .disconnected, "the server has no connection left: raise max_connections")
    case 20, 1021, 1114: (.unavailable, .broken, "the disk or the table is full: make room and try again")
    case 1290, 1792, 1836:
      (.unavailable, .disconnected, "the server only reads: connect to the primary, or make it writable")
    case 1045, 1698:
      (.unavailable, .disconnected, "the server does not accept the user name or the password: correct them")
    case 1044: (.unavailable, .disconnected, "the user may not use the database: grant the rights")
    case 1049: (.unavailable, .disconnected, "the database does not exist: create it, or correct its name")
    case 1053, 1077, 1079, 1080, 1152, 1158...1161, 1317, 1927, 4031:
      (.unavailable, .disconnected, "the server ended the connection, or is shutting down: try again in a moment")
    case 1153: (.tooLarge, .disconnected, "the record is larger than the server takes: raise max_allowed_packet")
    case 1406: (.invalidArgument, .confined, "a value is longer than its column: see that nobody changed the table")
    case 1050: (.unsupported, .confined, "something in the database has that name already")
    case 1142, 1143, 1227, 1370:
      (.unavailable, .confined, "the user may not use the table: grant the rights, or let another user migrate")
    case 1419:
      (
        .unsupported, .confined,
        "a server with a binary log lets none but administrators make triggers: let one make them, "
          + "or set log_bin_trust_function_creators"
      )
    case 1054, 1064, 1146, 1364:
      (.unavailable, .confined, "the table is not what this library made: see that nobody changed it")
    case 126, 1034, 1035, 1194, 1195: (.corrupt, .broken, "the table is damaged: restore it from a backup")
    case 2000..<3000, 5000..<6000, 0:
      (.unavailable, .disconnected, "the connection to the server was lost: see that MariaDB or MySQL runs")
    default: (.unavailable, .broken, "the server could not do it: look at its log")
    }
  }
}
