internal import AuthCache
internal import AuthCacheSQL
internal import CMariaDB

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Opens connections to one database.
struct MySQLDriver: SQLDriver {
  let configuration: MySQLBackend.Configuration
  private let returning: Statements
  private let locking: Statements

  init(_ configuration: MySQLBackend.Configuration, layout: TableLayout) {
    self.configuration = configuration
    returning = Statements(layout, dialect: MySQLDialect(hasReturning: true))
    locking = Statements(layout, dialect: MySQLDialect(hasReturning: false))
    _ = Self.library
  }

  var name: String { "mysql" }
  var dialect: any Dialect { MySQLDialect(hasReturning: true) }
  var traits: SQLTraits { MySQLConnection.traits }

  /// Before anything else, and once.
  private static let library: Bool = mysql_server_init(0, nil, nil) == 0

  func connect(_ role: ConnectionRole) throws(SQLFailure) -> any SQLConnection {
    let address = configuration.address
    guard address.tls == .prefer, address.socket == nil else { return try connect(tls: address.tls) }
    do throws(SQLFailure) {
      return try connect(tls: .require)
    } catch {
      guard error.detail == MySQLRefusal.noTLS else { throw error }
      return try connect(tls: .disable)
    }
  }

  private func connect(tls: MySQLBackend.Address.TLS) throws(SQLFailure) -> any SQLConnection {
    let address = configuration.address
    guard let connection = mysql_init(nil) else {
      throw SQLFailure(.unavailable, condition: .disconnected, "the MySQL client library is out of memory")
    }
    configure(connection, tls)
    guard
      mysql_real_connect(
        connection, address.socket == nil ? address.host ?? "127.0.0.1" : nil, address.user, address.password,
        address.database, UInt32(address.port ?? 0), address.socket, 0) != nil
    else {
      let refusal = MySQLRefusal(
        Int32(mysql_errno(connection)), String(cString: mysql_error(connection)), address, asksForTLS: tls.asks)
      mysql_close(connection)
      throw refusal.failure
    }
    // The library lets it pass on to whatever program this process starts.
    _ = fcntl(Int32(mysql_get_socket(connection)), F_SETFD, FD_CLOEXEC)
    // The library goes on in clear where the server offers no TLS, whatever it was told.
    if tls.asks, mysql_get_ssl_cipher(connection) == nil {
      mysql_close(connection)
      throw MySQLRefusal(2026, "the server doesn't support TLS", address, asksForTLS: true).failure
    }
    if let failure = prepareSession(connection) {
      mysql_close(connection)
      throw failure
    }
    let server = MySQLServer(version: String(cString: mysql_get_server_info(connection)))
    let isAutomatic = configuration.deletes == .automatic
    let hasReturning = isAutomatic && server.deletesReturning
    return MySQLConnection(
      connection, statements: hasReturning ? returning : locking, hasReturning: hasReturning,
      hasBulk: isAutomatic && server.executesArrays,
      timeout: configuration.statementTimeout)
  }

  private func configure(_ connection: UnsafeMutablePointer<MYSQL>, _ tls: MySQLBackend.Address.TLS) {
    let address = configuration.address
    var connectSeconds = Self.seconds(configuration.connectTimeout)
    var seconds = Self.seconds(configuration.statementTimeout)
    mysql_options(connection, MYSQL_OPT_CONNECT_TIMEOUT, &connectSeconds)
    mysql_options(connection, MYSQL_OPT_READ_TIMEOUT, &seconds)
    mysql_options(connection, MYSQL_OPT_WRITE_TIMEOUT, &seconds)
    mysql_options(connection, MYSQL_SET_CHARSET_NAME, "utf8mb4")
    // Files of this machine are nobody's business.
    var off = UInt32(0)
    mysql_options(connection, MYSQL_OPT_LOCAL_INFILE, &off)
    guard tls.asks else { return }
    var yes = my_bool(1)
    var verifies = my_bool(tls == .verifyFull ? 1 : 0)
    mysql_options(connection, MYSQL_OPT_SSL_ENFORCE, &yes)
    mysql_options(connection, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verifies)
    if let authority = address.rootCertificates { mysql_options(connection, MYSQL_OPT_SSL_CA, authority) }
    if let certificate = address.certificate { mysql_options(connection, MYSQL_OPT_SSL_CERT, certificate) }
    if let key = address.certificateKey { mysql_options(connection, MYSQL_OPT_SSL_KEY, key) }
  }

  private static func seconds(_ duration: Duration) -> UInt32 {
    UInt32(clamping: max(1, (duration.wholeMilliseconds + 999) / 1_000))
  }

  /// Strict, so that the NULL which says that an alias is taken is an error; locks on what is found and not on gaps.
  private func prepareSession(_ connection: UnsafeMutablePointer<MYSQL>) -> SQLFailure? {
    let text =
      "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', autocommit = 1, "
      + "innodb_lock_wait_timeout = \(Self.seconds(configuration.statementTimeout)), "
      + "tx_isolation = 'READ-COMMITTED'"
    if mysql_real_query(connection, text, UInt(text.utf8.count)) == 0 { return nil }
    // MySQL 8 knows the level under another name.
    let other = text.replacing("tx_isolation", with: "transaction_isolation")
    if mysql_real_query(connection, other, UInt(other.utf8.count)) == 0 { return nil }
    var failure = SQLFailure(mysql: Int32(mysql_errno(connection)))
    failure.condition = .disconnected
    return failure
  }
}
