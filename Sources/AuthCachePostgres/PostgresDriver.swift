internal import AuthCache
internal import AuthCacheSQL
internal import CPostgres

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Opens connections to one database.
struct PostgresDriver: SQLDriver {
  let configuration: PostgresBackend.Configuration
  let dialectOfTables: PostgresDialect
  private let statements: [PostgresStatement]

  init(_ configuration: PostgresBackend.Configuration, layout: TableLayout) {
    self.configuration = configuration
    dialectOfTables = PostgresDialect(options: configuration.tableOptions)
    let texts = Statements(layout, dialect: dialectOfTables)
    statements = layout.tables.indices.flatMap { table in
      Statement.all.map { statement in
        PostgresStatement(
          texts[statement, in: table], place: table * Statement.count + statement.index, statement: statement)
      }
    }
  }

  var name: String { "postgres" }
  var dialect: any Dialect { dialectOfTables }
  var traits: SQLTraits { PostgresConnection.traits }

  func connect(_ role: ConnectionRole) throws(SQLFailure) -> any SQLConnection {
    try PostgresConnection(
      try open(), statements: statements, prepares: configuration.preparesStatements,
      timeout: configuration.statementTimeout + .milliseconds(250))
  }

  /// A connection that is ready, and that the caller closes.
  func open() throws(SQLFailure) -> OpaquePointer {
    let deadline = Monotonic.now + configuration.connectTimeout
    let settings = connectionSettings
    guard let connection = Self.start(settings) else {
      throw SQLFailure(.unavailable, condition: .disconnected, "the PostgreSQL client library is out of memory")
    }
    do throws(SQLFailure) {
      try finish(connection, by: deadline)
    } catch {
      PQfinish(connection)
      throw error
    }
    return connection
  }

  /// What libpq is told (https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-PARAMKEYWORDS).
  private var connectionSettings: [(name: String, value: String)] {
    let address = configuration.address
    var settings: [(String, String)] = []
    func set(_ name: String, _ value: String?) { if let value { settings.append((name, value)) } }
    set("host", address.host)
    set("port", address.port.map(String.init))
    set("dbname", address.database)
    set("user", address.user)
    set("password", address.password)
    set("sslmode", address.tls.rawValue)
    set("sslrootcert", address.rootCertificates)
    set("sslcert", address.certificate)
    set("sslkey", address.certificateKey)
    set("client_encoding", "UTF8")
    set("application_name", "authcache")
    // A pooler hands a connection to others between two transactions, and their settings with it.
    if configuration.preparesStatements { set("options", sessionOptions) }
    return settings
  }

  /// Every statement goes by a key: the plan is the same however many rows there are, and however they lie.
  private var sessionOptions: String {
    var settings = [
      "statement_timeout=\(configuration.statementTimeout.wholeMilliseconds)", "enable_seqscan=off",
      "enable_bitmapscan=off", "plan_cache_mode=force_generic_plan", "jit=off",
      "default_transaction_isolation=read\\ committed", "client_min_messages=error",
    ]
    if configuration.durability == .relaxed { settings.append("synchronous_commit=off") }
    return settings.map { "-c \($0)" }.joined(separator: " ")
  }

  private static func start(_ settings: [(name: String, value: String)]) -> OpaquePointer? {
    let names = settings.map { strdup($0.name) } + [nil]
    let values = settings.map { strdup($0.value) } + [nil]
    defer { for text in names + values { free(text) } }
    return names.map { UnsafePointer($0) }.withUnsafeBufferPointer { names in
      values.map { UnsafePointer($0) }.withUnsafeBufferPointer { values in
        PQconnectStartParams(names.baseAddress, values.baseAddress, 0)
      }
    }
  }

  private func finish(_ connection: OpaquePointer, by deadline: Monotonic) throws(SQLFailure) {
    guard PQstatus(connection) != CONNECTION_BAD else { throw failure(of: connection) }
    var awaited = PGRES_POLLING_WRITING
    while true {
      var descriptor = pollfd(
        fd: PQsocket(connection), events: Int16(awaited == PGRES_POLLING_READING ? POLLIN : POLLOUT), revents: 0)
      let left = (deadline - .now).wholeMilliseconds
      guard left > 0 else {
        throw SQLFailure(
          .timeout, condition: .disconnected,
          "PostgreSQL at \(configuration.address.place) did not accept the connection within "
            + "\(configuration.connectTimeout.wholeMilliseconds) ms: see that it runs and that the network lets it be "
            + "reached")
      }
      guard poll(&descriptor, 1, Int32(clamping: left)) > 0 else { continue }
      awaited = PQconnectPoll(connection)
      switch awaited {
      case PGRES_POLLING_OK: return
      case PGRES_POLLING_FAILED: throw failure(of: connection)
      default: continue
      }
    }
  }

  /// The library says in words only why it could not connect.
  private func failure(of connection: OpaquePointer) -> SQLFailure {
    PostgresRefusal(String(cString: PQerrorMessage(connection)), configuration.address).failure
  }
}
