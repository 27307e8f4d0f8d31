internal import AuthCache
internal import AuthCacheSQL
internal import CMariaDB
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// One connection to MariaDB or MySQL.
// Unchecked: the engine lends a connection to one thread at a time; `interrupt` alone comes from others, and it and
// `close` meet under `socket`.
final class MySQLConnection: SQLConnection, @unchecked Sendable {
  private let connection: UnsafeMutablePointer<MYSQL>
  private let statements: Statements
  private let timeout: Duration
  private let socket: Mutex<Int32?>
  let hasReturning: Bool
  /// One execution can write many rows.
  private let hasBulk: Bool

  private var cursors: [Key: MySQLCursor] = [:]
  private var isBegun = false
  private var hasWritten = false
  private var isBroken = false
  private var lock: String?
  private var waitingSince = Monotonic.now

  private struct Key: Hashable {
    let place: Int
    /// How many elements a list has room for.
    let room: Int
  }

  /// Takes over a connection that is ready.
  init(
    _ connection: UnsafeMutablePointer<MYSQL>, statements: Statements, hasReturning: Bool, hasBulk: Bool,
    timeout: Duration
  ) {
    self.connection = connection
    self.statements = statements
    self.hasReturning = hasReturning
    self.hasBulk = hasBulk
    self.timeout = timeout
    socket = Mutex(Int32(mysql_get_socket(connection)))
  }

  static var traits: SQLTraits {
    var traits = SQLTraits()
    traits.merges = true
    traits.commitsSingles = true
    traits.sweepsByKeys = true
    traits.overlooksOverwrites = true
    return traits
  }

  var traits: SQLTraits { Self.traits }

  func cursor(_ statement: Statement, in table: Int, count: Int) throws(SQLFailure) -> any SQLCursor {
    let takesRows = statement == .storeMany
    if takesRows, !hasBulk { return RepeatedCursor(try cursor(.store, in: table, count: 1)) }
    // Few different texts, so that few have to be prepared.
    let room = takesRows || count <= 1 ? 1 : max(4, 1 << (Int.bitWidth - (count - 1).leadingZeroBitCount))
    let key = Key(place: table * Statement.count + statement.index, room: room)
    if let cursor = cursors[key] { return cursor }
    let (text, order) = ParameterStyle.questionMark.render(statements[statement, in: table], count: room)
    let cursor = MySQLCursor(
      try prepare(text), order: order, takesRows: takesRows, writes: statement.changes, on: self)
    cursors[key] = cursor
    return cursor
  }

  private func prepare(_ text: String) throws(SQLFailure) -> UnsafeMutablePointer<MYSQL_STMT> {
    try prepareToWait(writes: false)
    guard let statement = mysql_stmt_init(connection) else {
      throw SQLFailure(.unavailable, "the MySQL client library is out of memory")
    }
    guard mysql_stmt_prepare(statement, text, UInt(text.utf8.count)) == 0 else {
      let failure = failure(of: statement, writes: false)
      mysql_stmt_close(statement)
      throw failure
    }
    return statement
  }

  func execute(_ text: String) throws(SQLFailure) {
    try run(text, writes: true)
    mysql_free_result(mysql_store_result(connection))
  }

  func integer(_ text: String) throws(SQLFailure) -> Int64? {
    try run(text, writes: false)
    guard let result = mysql_store_result(connection) else { throw failure(writes: false) }
    defer { mysql_free_result(result) }
    guard let row = mysql_fetch_row(result), let value = row[0] else { return nil }
    return Int64(String(cString: value))
  }

  func beginWriting() throws(SQLFailure) {
    try run("START TRANSACTION", writes: false)
    isBegun = true
  }

  /// The level holds for the next transaction only.
  func beginReading() throws(SQLFailure) {
    try run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", writes: false)
    try run("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", writes: false)
    isBegun = true
  }

  /// A change of the schema commits by itself, so the lock can't be the transaction's.
  func beginMigrating(_ name: String) throws(SQLFailure) {
    let lock = MySQLServer.lockName(for: name)
    // The server gives up before this side does, so that it can say so.
    let patience = timeout.wholeMilliseconds * 3 / 4
    let seconds = "\(patience / 1_000).\(String(1_000 + patience % 1_000).dropFirst())"
    guard try integer("SELECT GET_LOCK(\(lock), \(seconds))") == 1 else {
      throw SQLFailure(.timeout, "another process is changing the schema and does not finish")
    }
    self.lock = lock
  }

  func announceCommit() {}

  func commit() throws(SQLFailure) {
    try releaseLock()
    guard isBegun else {
      hasWritten = false
      return
    }
    try run("COMMIT", writes: hasWritten)
    (isBegun, hasWritten) = (false, false)
  }

  func rollback() {
    defer { (isBegun, hasWritten) = (false, false) }
    guard !isBroken else { return }
    do throws(SQLFailure) {
      try releaseLock()
      if isBegun { try run("ROLLBACK", writes: false) }
    } catch {
      isBroken = true
    }
  }

  private func releaseLock() throws(SQLFailure) {
    guard let lock else { return }
    self.lock = nil
    _ = try integer("SELECT RELEASE_LOCK(\(lock))")
  }

  func endReading() {}

  func isAlive() -> Bool {
    guard !isBroken else { return false }
    var descriptor = pollfd(fd: Int32(mysql_get_socket(connection)), events: Int16(POLLIN), revents: 0)
    // The server says nothing unasked but that it goes.
    return poll(&descriptor, 1, 0) == 0
  }

  func interrupt() {
    socket.withLock { socket in
      if let socket { _ = shutdown(socket, Int32(SHUT_RDWR)) }
    }
  }

  func close() {
    socket.withLock { $0 = nil }
    for cursor in cursors.values { cursor.finalize() }
    cursors = [:]
    mysql_close(connection)
  }
}

// MARK: - For the cursors

extension MySQLConnection {
  /// How many rows the last update found, those included that it left as they were; nil after anything else.
  var matchedRows: Int? {
    guard let info = mysql_info(connection) else { return nil }
    let text = String(cString: info)
    guard text.hasPrefix("Rows matched: ") else { return nil }
    return Int(text.dropFirst("Rows matched: ".count).prefix { $0.isNumber })
  }

  func prepareToWait(writes: Bool) throws(SQLFailure) {
    if isBroken { throw lost(.none) }
    waitingSince = .now
    if writes { hasWritten = true }
  }

  func failure(of statement: UnsafeMutablePointer<MYSQL_STMT>, writes: Bool) -> SQLFailure {
    failure(Int32(mysql_stmt_errno(statement)), mysql_stmt_error(statement), writes: writes)
  }
}

// MARK: - Running and failing

extension MySQLConnection {
  private func run(_ text: String, writes: Bool) throws(SQLFailure) {
    try prepareToWait(writes: false)
    guard mysql_real_query(connection, text, UInt(text.utf8.count)) == 0 else {
      throw failure(writes: writes, isCommit: text == "COMMIT")
    }
  }

  private func failure(writes: Bool, isCommit: Bool = false) -> SQLFailure {
    failure(Int32(mysql_errno(connection)), mysql_error(connection), writes: writes, isCommit: isCommit)
  }

  /// - Parameter writes: What failed may have changed something, if it took place.
  private func failure(
    _ code: Int32, _ text: UnsafePointer<CChar>?, writes: Bool, isCommit: Bool = false
  ) -> SQLFailure {
    var failure = SQLFailure(mysql: code, text: text)
    guard failure.condition == .disconnected else { return failure }
    isBroken = true
    // Within a transaction nothing is committed before the commit.
    failure.effect = writes && (!isBegun || isCommit) && !Self.refusals.contains(code) ? .unknown : .none
    if failure.code == .unavailable, Monotonic.now - waitingSince >= timeout {
      failure.code = .timeout
      failure.reason =
        "the server did not answer within \(timeout.wholeMilliseconds) ms: see what holds the database up"
    }
    return failure
  }

  /// Said before anything is done: the server only reads, has no connection left, or does not let this user.
  private static let refusals: Set<Int32> = [1040, 1044, 1045, 1049, 1153, 1203, 1226, 1290, 1698, 1792, 1836]

  private func lost(_ effect: AuthCacheError.Effect) -> SQLFailure {
    SQLFailure(
      .unavailable, effect: effect, condition: .disconnected,
      "the connection to the server was lost: see that MariaDB or MySQL runs")
  }
}

extension Statement {
  /// Whether it changes rows.
  fileprivate var changes: Bool {
    switch self {
    case .load, .loadMany, .list, .isLive, .removeExpired: false
    case .changes, .lastChange, .missingChanges, .awaitChange: false
    default: true
    }
  }
}
