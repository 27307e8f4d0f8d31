public import AuthCache
internal import AuthCacheSQL
public import Logging

extension MySQLBackend {
  /// How a database is used. Every field but the address has a default that works.
  public struct Configuration: Sendable {
    /// Where the server is, and how to log in.
    public var address: Address
    /// A letter or `_`, then up to 47 letters, digits or `_`. Several tables may share one database.
    public var tableName = Self.defaultTableName
    /// One table for all kinds, or one for each.
    public var tables = Tables.one
    /// Connections beyond this are opened only when the others don't keep up, and closed after a minute without work.
    public var minConnections = 5
    /// Never more than this.
    public var maxConnections = 20
    /// How long connecting may take, in whole seconds. The lookup of a host's name is not bounded by it.
    public var connectTimeout = Duration.seconds(5)
    /// How long the server may be silent, in whole seconds. An answer that comes in drips, each of them sooner, is not
    /// bounded by it.
    public var statementTimeout = Duration.seconds(10)
    /// How long a request waits for its turn before it throws `timeout`.
    public var acquireTimeout = Duration.seconds(30)
    /// How long `close()` lets accepted writes go on.
    public var closeDeadline = Duration.seconds(10)
    /// How many requests may wait; one more throws `unavailable` at once.
    public var queueLimit = 65_536
    /// How many records one transaction takes up before the next begins.
    public var batchLimit = 512
    /// How a record is taken out and returned at once.
    public var deletes = Deletes.automatic
    /// Changes are announced to whoever subscribes, in this process or another
    /// (``MySQLBackend/invalidations()``). Where it is missing, what does so becomes part of the schema: triggers, which
    /// no writer can pass by, of whatever process and release. So it is chosen once, for all; false leaves it as it is.
    ///
    /// Each change then writes a row of some 120 bytes to a log beside the table, in the same transaction; the log keeps
    /// about the last 65,536, if somebody listens or expired records are swept. Triggers need the right to make
    /// them, and on a server with a binary log an administrator or `log_bin_trust_function_creators`.
    public var announcesChanges = false
    /// How often a subscriber looks for changes: the bound of what a cache that listens serves too long.
    public var changeInterval = Configuration.defaultChangeInterval
    package static let defaultChangeInterval = Duration.milliseconds(250)
    /// The largest payload in bytes.
    public var maxPayload = 1 << 20
    /// From how long on an operation is logged as slow, without its values; nil for never.
    public var slowOperation: Duration? = .seconds(1)
    /// Decides what is live.
    public var clock: any AuthCacheClock
    /// Told of slow operations, lost connections and a pool that has none to give.
    public var logger: Logger

    /// A configuration that works untouched.
    public init(
      _ address: Address, clock: any AuthCacheClock = .system, logger: Logger = Logger(label: "authcache.mysql")
    ) {
      self.address = address
      self.clock = clock
      self.logger = logger
    }

    /// - Parameter url: `mysql://user:password@host:port/database?sslmode=…`.
    /// - Throws: `invalidArgument` if the address can't be meant.
    public init(url: String, clock: any AuthCacheClock = .system) throws(AuthCacheError) {
      self.init(try Address(url: url), clock: clock)
    }

    /// Takes the address out of `AUTHCACHE_MYSQL_URL`.
    ///
    /// - Throws: `invalidArgument` if the variable is missing or can't be meant.
    public init(
      environment: [String: String], clock: any AuthCacheClock = .system
    ) throws(AuthCacheError) {
      guard let url = environment["AUTHCACHE_MYSQL_URL"], !url.isEmpty else {
        throw AuthCacheError(
          .invalidArgument, operation: .open,
          "AUTHCACHE_MYSQL_URL is not set: it holds mysql://user:password@host:port/database")
      }
      try self.init(url: url, clock: clock)
    }

    /// The name of the table if none is given.
    public static let defaultTableName = "auth_cache"

    /// One table for every kind, or one for each.
    public enum Tables: Sendable {
      /// One table, whose rows say of which kind they are.
      case one
      /// A table for each kind of the vocabulary, `auth_cache_session` and so on, beside `auth_cache` for all others:
      /// to grant rights, to vacuum or to look into them apart. Removing a group or what has expired takes a statement
      /// for each. Chosen once: records do not move.
      case perKind

      func layout(named name: String) throws(AuthCacheError) -> TableLayout {
        switch self {
        case .one: TableLayout(try TableName(name))
        case .perKind: try TableLayout(perKind: try TableName(name))
        }
      }
    }

    /// How a record is taken out and returned at once.
    public enum Deletes: Sendable {
      /// By one `DELETE … RETURNING` on MariaDB, and as `locked` on MySQL, which does not have it.
      case automatic
      /// By a select that locks the row and a delete, in one transaction.
      case locked
    }

    var layout: TableLayout {
      get throws(AuthCacheError) { try tables.layout(named: tableName) }
    }

    var engine: SQLBackend.Configuration {
      get throws(AuthCacheError) {
        guard (1...maxConnections).contains(minConnections) else {
          throw AuthCacheError(
            .invalidArgument, operation: .open, "minConnections is at least 1 and at most maxConnections")
        }
        var lanes = LaneSettings(
          acquireTimeout: acquireTimeout, queueLimit: queueLimit, batchLimit: batchLimit,
          slowOperation: slowOperation, logger: logger)
        lanes.connections = minConnections...maxConnections
        var settings = SQLBackend.Configuration(
          layout: try layout,
          properties: BackendProperties(
            aliases: true, durability: .server, shared: true, maxPayload: maxPayload),
          clock: clock, lanes: lanes, maxReaders: 0, closeDeadline: closeDeadline)
        (settings.announcesChanges, settings.changeInterval) = (announcesChanges, changeInterval)
        return settings
      }
    }
  }
}
