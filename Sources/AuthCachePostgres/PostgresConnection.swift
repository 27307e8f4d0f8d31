internal import AuthCache
internal import AuthCacheSQL
internal import CPostgres
internal import DequeModule
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// One connection, always in pipeline mode (https://www.postgresql.org/docs/15/libpq-pipeline-mode.html): statements
/// are queued and handed over together, and what is handed over up to a sync is one transaction.
// Unchecked: the engine lends a connection to one thread at a time; `interrupt` alone comes from others, and it and
// `close` meet under `socket`.
final class PostgresConnection: SQLConnection, @unchecked Sendable {
  private let connection: OpaquePointer
  private let statements: [PostgresStatement]
  private let prepares: Bool
  private let timeout: Duration
  private let socket: Mutex<Int32?>
  private var attention = Attention(.microseconds(50))

  private var idle: [[PostgresCursor]]
  private var prepared: Set<Int> = []
  /// What has been sent and is not answered yet, in order.
  private var awaited: Deque<Awaited> = []
  /// `BEGIN` has been sent.
  private var isBegun = false
  /// Something was sent since the last sync.
  private var hasSent = false
  /// The end of the transaction has been sent.
  private var isAnnounced = false
  /// What was sent since the last sync may have changed something.
  private var hasWritten = false
  /// A statement of the transaction failed: the server does nothing more until its end.
  private var failure: SQLFailure?
  private var isBroken = false

  /// Until when the answers to what was handed over last have to be here, all of them.
  private var deadline = Monotonic.now

  /// What is awaited are a few reads of single records, which take less time than to be woken.
  private var isBrief = true

  private enum Awaited {
    case preparation(Int)
    case cursor(PostgresCursor)
    case text
    case sync
  }

  /// Takes over a connection that is ready.
  init(
    _ connection: OpaquePointer, statements: [PostgresStatement], prepares: Bool, timeout: Duration
  ) throws(SQLFailure) {
    self.connection = connection
    self.statements = statements
    self.prepares = prepares
    self.timeout = timeout
    idle = Array(repeating: [], count: statements.count)
    socket = Mutex(PQsocket(connection))
    // What a notice says is for whoever reads the server's log.
    PQsetNoticeProcessor(connection, { _, _ in }, nil)
    guard PQsetnonblocking(connection, 1) == 0, PQenterPipelineMode(connection) == 1 else {
      PQfinish(connection)
      throw SQLFailure(.unavailable, condition: .disconnected, "the PostgreSQL client library has no pipeline mode")
    }
  }

  static var traits: SQLTraits {
    var traits = SQLTraits()
    traits.merges = true
    traits.mergesInserts = true
    traits.pipelines = true
    traits.commitsSingles = true
    traits.survivesFailures = false
    return traits
  }

  var traits: SQLTraits { Self.traits }
  var hasReturning: Bool { true }

  func cursor(_ statement: Statement, in table: Int, count: Int) throws(SQLFailure) -> any SQLCursor {
    let place = table * Statement.count + statement.index
    return idle[place].popLast() ?? PostgresCursor(statements[place], on: self)
  }

  func recycle(_ cursor: PostgresCursor) { idle[cursor.text.place].append(cursor) }

  func execute(_ text: String) throws(SQLFailure) {
    hasWritten = true
    PQclear(try run(text))
  }

  func integer(_ text: String) throws(SQLFailure) -> Int64? {
    let result = try run(text)
    defer { PQclear(result) }
    guard PQntuples(result) == 1, PQgetisnull(result, 0, 0) == 0 else { return nil }
    return Int64(String(cString: PQgetvalue(result, 0, 0)))
  }

  func beginWriting() throws(SQLFailure) { try begin("BEGIN") }

  func beginReading() throws(SQLFailure) { try begin("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY") }

  /// The lock is the transaction's, and named after the table.
  func beginMigrating(_ name: String) throws(SQLFailure) {
    try begin("BEGIN")
    PQclear(try run("SELECT pg_advisory_xact_lock(hashtext('authcache:\(name)'))"))
  }

  private func begin(_ text: String) throws(SQLFailure) {
    try requireUsable()
    try sendText(text)
    isBegun = true
  }

  func announceCommit() throws(SQLFailure) {
    guard !isAnnounced, hasSent else { return }
    if isBegun { try sendText("COMMIT") }
    try sync()
  }

  func commit() throws(SQLFailure) {
    try announceCommit()
    guard isAnnounced else { return }
    try receiveUntilSync()
    if let failure = endTransaction() { throw failure }
  }

  func rollback() {
    guard !isBroken else { return }
    do throws(SQLFailure) {
      if !isAnnounced {
        guard hasSent else { return }
        // Without a BEGIN the sync would commit.
        guard isBegun || failure != nil || !hasWritten else {
          isBroken = true
          return
        }
        if isBegun { try sendText("ROLLBACK") }
        try sync()
      }
      try receiveUntilSync()
      let isOpen = PQtransactionStatus(connection) == PQTRANS_INERROR
      _ = endTransaction()
      guard isOpen else { return }
      // The server skipped everything up to the sync, the end of the transaction included.
      try sendText("ROLLBACK")
      try sync()
      try receiveUntilSync()
      _ = endTransaction()
    } catch {
      isBroken = true
    }
  }

  func endReading() {}

  func isAlive() -> Bool {
    guard !isBroken, awaited.isEmpty, PQstatus(connection) == CONNECTION_OK else { return false }
    var descriptor = pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
    guard poll(&descriptor, 1, 0) > 0 else { return true }
    // Something came unasked: a notice, or the end.
    return PQconsumeInput(connection) == 1 && PQstatus(connection) == CONNECTION_OK
  }

  func interrupt() {
    socket.withLock { socket in
      if let socket { _ = shutdown(socket, Int32(SHUT_RDWR)) }
    }
  }

  func close() {
    socket.withLock { $0 = nil }
    idle = []
    awaited = []
    PQfinish(connection)
  }
}

// MARK: - Sending

extension PostgresConnection {
  func send(_ cursor: PostgresCursor) throws(SQLFailure) {
    try requireUsable()
    let statement = cursor.text
    if statement.writes { hasWritten = true }
    if !statement.isBrief { isBrief = false }
    if prepares, !prepared.contains(statement.place) {
      guard PQsendPrepare(connection, statement.name, statement.text, 0, nil) == 1 else { throw lost() }
      awaited.append(.preparation(statement.place))
      prepared.insert(statement.place)
    }
    let isSent = cursor.parameters.withPointers { values, lengths, formats in
      prepares
        ? PQsendQueryPrepared(
          connection, statement.name, Int32(cursor.parameters.count), values, lengths, formats, 1)
        : PQsendQueryParams(
          connection, statement.text, Int32(cursor.parameters.count), nil, values, lengths, formats, 1)
    }
    guard isSent == 1 else { throw lost() }
    awaited.append(.cursor(cursor))
    hasSent = true
  }

  private func sendText(_ text: String) throws(SQLFailure) {
    guard PQsendQueryParams(connection, text, 0, nil, nil, nil, nil, 0) == 1 else { throw lost() }
    awaited.append(.text)
    hasSent = true
  }

  private func sync() throws(SQLFailure) {
    guard PQpipelineSync(connection) == 1 else { throw lost() }
    awaited.append(.sync)
    isAnnounced = true
    try handOver()
  }

  /// Runs text, in the transaction if there is one, and gives back its result, which the caller clears.
  private func run(_ text: String) throws(SQLFailure) -> OpaquePointer? {
    try requireUsable()
    let isAlone = !isBegun
    if !isAlone { try drain() }
    try sendText(text)
    if isAlone { try announceCommit() } else { try ask() }
    let result: OpaquePointer?
    do throws(SQLFailure) {
      result = try nextResult()
    } catch {
      if !isBroken { awaited.removeFirst() }
      failure = failure ?? error
      if isAlone { rollback() }
      throw error
    }
    awaited.removeFirst()
    guard isAlone else { return result }
    do throws(SQLFailure) {
      try commit()
    } catch {
      PQclear(result)
      throw error
    }
    return result
  }

  /// Takes in everything that has been sent before, so that what comes next is the answer to what is sent next.
  private func drain() throws(SQLFailure) {
    guard !awaited.isEmpty else { return }
    try ask()
    while !awaited.isEmpty { try receiveNext() }
  }

  /// Makes the server answer what it was sent, without ending the transaction.
  private func ask() throws(SQLFailure) {
    guard PQsendFlushRequest(connection) == 1 else { throw lost() }
    try handOver()
  }

  private func requireUsable() throws(SQLFailure) { if isBroken { throw lost() } }
}

// MARK: - Receiving

extension PostgresConnection {
  /// Receives up to the answer to that cursor.
  func receive(for cursor: PostgresCursor) throws(SQLFailure) {
    if let failure { throw failure }
    if !isAnnounced { try ask() }
    while let next = awaited.first {
      try receiveNext()
      if case .cursor(let answered) = next, answered === cursor { return }
    }
    throw .misplacedAnswer
  }

  private func receiveNext() throws(SQLFailure) {
    guard let next = awaited.first else { return }
    if case .sync = next { return try receiveSync() }
    do throws(SQLFailure) {
      let result = try nextResult()
      awaited.removeFirst()
      if case .cursor(let cursor) = next, let result { cursor.receive(result) } else { PQclear(result) }
    } catch {
      if !isBroken { awaited.removeFirst() }
      if case .preparation(let place) = next { prepared.remove(place) }
      failure = failure ?? error
      throw failure ?? error
    }
  }

  private func receiveUntilSync() throws(SQLFailure) {
    while isAnnounced, !awaited.isEmpty {
      do throws(SQLFailure) {
        try receiveNext()
      } catch {
        if isBroken { throw error }
      }
    }
  }

  private func receiveSync() throws(SQLFailure) {
    while true {
      guard let result = try received() else {
        if PQstatus(connection) != CONNECTION_OK { throw lost() }
        continue
      }
      defer { PQclear(result) }
      switch PQresultStatus(result) {
      case PGRES_PIPELINE_SYNC:
        awaited.removeFirst()
        return
      case PGRES_FATAL_ERROR:
        let found = told(by: result)
        if failure == nil { failure = found }
        if isBroken { throw failure ?? found }
      default: break
      }
    }
  }

  /// The one result of a statement, and the end mark behind it.
  private func nextResult() throws(SQLFailure) -> OpaquePointer? {
    guard let result = try received() else { throw .misplacedAnswer }
    var last = try received()
    while let further = last {
      PQclear(further)
      last = try received()
    }
    switch PQresultStatus(result) {
    case PGRES_TUPLES_OK, PGRES_COMMAND_OK: return result
    case PGRES_PIPELINE_ABORTED:
      PQclear(result)
      throw failure ?? SQLFailure(.unavailable, "a statement before this one failed")
    default:
      defer { PQclear(result) }
      throw told(by: result)
    }
  }

  /// A server that says good-bye may do so after the commit and before it told of it.
  private func told(by result: OpaquePointer) -> SQLFailure {
    var found = SQLFailure(postgres: result)
    if found.condition == .disconnected {
      // What is refused with a mere error, as by a server that only reads, certainly did not happen.
      let severity = PQresultErrorField(result, Int32(UInt8(ascii: "V"))).map { String(cString: $0) }
      found.effect = severity == "ERROR" ? .none : doubt
      isBroken = true
    }
    return found
  }

  /// Ends what is known of the transaction.
  private func endTransaction() -> SQLFailure? {
    defer { (hasSent, isBegun, isAnnounced, hasWritten, isBrief, failure) = (false, false, false, false, true, nil) }
    return failure
  }
}

// MARK: - Waiting

extension PostgresConnection {
  private func received() throws(SQLFailure) -> OpaquePointer? {
    while PQisBusy(connection) == 1 {
      try wait(for: Int16(POLLIN))
      guard PQconsumeInput(connection) == 1 else { throw lost() }
    }
    return PQgetResult(connection)
  }

  /// Hands everything over, taking in what comes meanwhile: a server that can't get rid of its answers stops reading.
  private func handOver() throws(SQLFailure) {
    deadline = .now + timeout
    while true {
      switch PQflush(connection) {
      case 0: return
      case 1:
        let events = try wait(for: Int16(POLLIN | POLLOUT))
        if events & Int16(POLLIN) != 0, PQconsumeInput(connection) != 1 { throw lost() }
      default: throw lost()
      }
    }
  }

  @discardableResult
  private func wait(for events: Int16) throws(SQLFailure) -> Int16 {
    var descriptor = pollfd(fd: PQsocket(connection), events: events, revents: 0)
    if isBrief, attention.look({ poll(&descriptor, 1, 0) > 0 }) { return descriptor.revents }
    while true {
      // What is here already is taken in any case: it may be this process that was late.
      let left = max(0, (deadline - .now).wholeMilliseconds)
      let count = poll(&descriptor, 1, left > 0 ? Int32(clamping: left + 1) : 0)
      if count > 0 { return descriptor.revents }
      if count < 0, errno != EINTR { throw lost() }
      guard left > 0 else { break }
    }
    isBroken = true
    throw SQLFailure(
      .timeout, effect: doubt, condition: .disconnected,
      "PostgreSQL did not answer within \(timeout.wholeMilliseconds) ms: see what holds it up")
  }

  /// Whether what was sent may have been committed although no answer came.
  private var doubt: AuthCacheError.Effect { isAnnounced && hasWritten && failure == nil ? .unknown : .none }

  private func lost() -> SQLFailure {
    isBroken = true
    return SQLFailure(
      .unavailable, effect: doubt, condition: .disconnected,
      "the connection to PostgreSQL was lost: see that the server runs")
  }
}
