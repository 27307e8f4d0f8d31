import AuthCache
import AuthCacheMySQL
import AuthCachePostgres
import AuthCacheServers
import Logging

/// A backend of this package on the server that it is made for.
enum Database: String, CaseIterable, Sendable, CustomStringConvertible {
  case postgres, mariadb
  /// MariaDB on the way that MySQL proper needs.
  case mariadbLocked

  /// Those whose server is on this machine, or has to be.
  static let servers = [postgres, mariadb].filter(\.server.canBeTested)
  /// The same, with every way that there is to use one.
  static let ways = allCases.filter(\.server.canBeTested)

  var server: ServerKind { self == .postgres ? .postgres : .mariadb }
  var description: String { rawValue }
  /// What the command calls the backend.
  var factory: String {
    switch self {
    case .postgres: "postgres"
    case .mariadb: "mysql"
    case .mariadbLocked: "mysql-locked"
    }
  }

  typealias Backend = any BulkBackend & GroupBackend & ListingBackend

  /// What both backends can be told.
  struct Settings: Sendable {
    var tableName = "auth_cache"
    var isTablePerKind = false
    var connections = 1...5
    var connectTimeout = Duration.seconds(2)
    var statementTimeout = Duration.seconds(5)
    var acquireTimeout = Duration.seconds(30)
    var queueLimit = 65_536
    var slowOperation: Duration? = .seconds(1)
    var clock: any AuthCacheClock = .system
    var logger = Logger(label: "authcache.test") { _ in SwiftLogNoOpLogHandler() }
  }

  func open(_ url: String, _ settings: Settings = Settings()) async throws(AuthCacheError) -> Backend {
    switch self {
    case .postgres:
      var configuration = try PostgresBackend.Configuration(url: url, clock: settings.clock)
      configuration.tableName = settings.tableName
      configuration.tables = settings.isTablePerKind ? .perKind : .one
      configuration.minConnections = settings.connections.lowerBound
      configuration.maxConnections = settings.connections.upperBound
      configuration.connectTimeout = settings.connectTimeout
      configuration.statementTimeout = settings.statementTimeout
      configuration.acquireTimeout = settings.acquireTimeout
      configuration.queueLimit = settings.queueLimit
      configuration.slowOperation = settings.slowOperation
      configuration.logger = settings.logger
      return try await PostgresBackend(configuration: configuration)
    case .mariadb, .mariadbLocked:
      var configuration = try MySQLBackend.Configuration(url: url, clock: settings.clock)
      configuration.deletes = self == .mariadbLocked ? .locked : .automatic
      configuration.tableName = settings.tableName
      configuration.tables = settings.isTablePerKind ? .perKind : .one
      configuration.minConnections = settings.connections.lowerBound
      configuration.maxConnections = settings.connections.upperBound
      configuration.connectTimeout = settings.connectTimeout
      configuration.statementTimeout = settings.statementTimeout
      configuration.acquireTimeout = settings.acquireTimeout
      configuration.queueLimit = settings.queueLimit
      configuration.slowOperation = settings.slowOperation
      configuration.logger = settings.logger
      return try await MySQLBackend(configuration: configuration)
    }
  }
}
