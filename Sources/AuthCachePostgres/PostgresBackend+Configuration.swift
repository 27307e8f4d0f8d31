public import AuthCache
internal import AuthCacheSQL
public import Logging

extension PostgresBackend {
  /// How a database is used. Every field but the address has a default that works.
  public struct Configuration: Sendable {
    /// Where the server is, and how to log in.
    public var address: Address
    /// A letter or `_`, then up to 47 letters, digits or `_`. Several tables may share one database.
    public var tableName = Self.defaultTableName
    /// One table for all kinds, or one for each.
    public var tables = Tables.one
    /// How a table is made. Looked at only when it is created.
    public var tableOptions: TableOptions = []
    /// What an acknowledged write survives.
    public var durability = Durability.full
    /// Connections beyond this are opened only when the others don't keep up, and closed after a minute without work.
    public var minConnections = 5
    /// Never more than this.
    public var maxConnections = 20
    /// How long connecting may take. The lookup of a host's name is not bounded by it.
    public var connectTimeout = Duration.seconds(5)
    /// How long a statement may take on the server, and all statements that are sent together on the server and on the
    /// wire.
    public var statementTimeout = Duration.seconds(10)
    /// How long a request waits for its turn before it throws `timeout`.
    public var acquireTimeout = Duration.seconds(30)
    /// How long `close()` lets accepted writes go on.
    public var closeDeadline = Duration.seconds(10)
    /// How many requests may wait; one more throws `unavailable` at once.
    public var queueLimit = 65_536
    /// How many records one transaction takes up before the next begins.
    public var batchLimit = 512
    /// False behind a pooler that changes connections between transactions (PgBouncer in transaction mode): statements
    /// are then parsed and planned anew each time, which costs about half of the speed, and the session's settings,
    /// the server's timeout for statements among them, are the pooler's.
    public var preparesStatements = true
    /// Changes are announced to whoever subscribes, in this process or another
    /// (``PostgresBackend/invalidations()``). Where it is missing, what does so becomes part of the schema: triggers, which
    /// no writer can pass by, of whatever process and release. So it is chosen once, for all; false leaves it as it is.
    ///
    /// NOTIFY has a price: the commits of all transactions that changed something queue behind one lock of the server
    /// (https://www.postgresql.org/docs/15/sql-notify.html), so that writes over several connections no longer share a
    /// flush of the log. And whoever may connect to the database may listen: what is told are kinds and digests, never
    /// a token or a payload.
    public var announcesChanges = false
    /// Where to listen, if `address` leads to a transaction pooler, over which nobody can; nil for `address`.
    public var listenAddress: Address?
    /// After so much silence a subscriber asks the server whether it is still heard, and takes as long again without an
    /// answer for a gap: the bound of what a cache that listens serves too long when its connection is lost unnoticed.
    public var listenCheckInterval = Duration.seconds(2)
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
      _ address: Address, clock: any AuthCacheClock = .system, logger: Logger = Logger(label: "authcache.postgres")
    ) {
      self.address = address
      self.clock = clock
      self.logger = logger
    }

    /// - Parameter url: `postgres://user:password@host:port/database?sslmode=…`.
    /// - Throws: `invalidArgument` if the address can't be meant.
    public init(url: String, clock: any AuthCacheClock = .system) throws(AuthCacheError) {
      self.init(try Address(url: url), clock: clock)
    }

    /// Takes the address out of `AUTHCACHE_POSTGRES_URL`.
    ///
    /// - Throws: `invalidArgument` if the variable is missing or can't be meant.
    public init(
      environment: [String: String], clock: any AuthCacheClock = .system
    ) throws(AuthCacheError) {
      guard let url = environment["AUTHCACHE_POSTGRES_URL"], !url.isEmpty else {
        throw AuthCacheError(
          .invalidArgument, operation: .open,
          "AUTHCACHE_POSTGRES_URL is not set: it holds postgres://user:password@host:port/database")
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

    /// What an acknowledged write survives.
    public enum Durability: Sendable {
      /// A crash of the server: every commit waits for its disk.
      case full
      /// Only a crash of this process: the server may lose the last half second
      /// (https://www.postgresql.org/docs/15/wal-async-commit.html). Twice as fast for single writes.
      case relaxed
    }

    /// How the tables are made; of no effect on those that are there.
    public struct TableOptions: OptionSet, Sendable {
      public let rawValue: Int
      public init(rawValue: Int) { self.rawValue = rawValue }

      /// The table is not in the write-ahead log: faster, but **empty after a crash of the server**, and not on
      /// replicas. Everybody is logged out then.
      public static let unlogged = TableOptions(rawValue: 1 << 0)
      /// A column `payload_json` beside the payload, for SQL to look into. Only for an `AuthStore` that seals nothing:
      /// what is no JSON is refused, and what is in clear can be read by whoever reads the database.
      public static let jsonPayload = TableOptions(rawValue: 1 << 1)
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
        let survivesServer = durability == .full && !tableOptions.contains(.unlogged)
        var settings = SQLBackend.Configuration(
          layout: try layout,
          properties: BackendProperties(
            aliases: true, durability: survivesServer ? .server : .process, shared: true, maxPayload: maxPayload),
          clock: clock, lanes: lanes, maxReaders: 0, closeDeadline: closeDeadline)
        settings.announcesChanges = announcesChanges
        return settings
      }
    }
  }
}
