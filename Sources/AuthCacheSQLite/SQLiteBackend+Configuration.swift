public import AuthCache
internal import AuthCacheSQL
public import Logging

extension SQLiteBackend {
  /// How a file is opened. Every field but the path has a default that works.
  public struct Configuration: Sendable {
    /// The file, created if it is missing; its folder must exist.
    public var path: String
    /// A letter or `_`, then up to 47 letters, digits or `_`. Several tables may share one file.
    public var tableName = Self.defaultTableName
    /// One table for all kinds, or one for each.
    public var tables = Tables.one
    /// What an acknowledged write survives (`PRAGMA synchronous`).
    public var synchronous = Synchronous.full
    /// How long a write waits for another process's lock before it throws `timeout`.
    public var busyTimeout = Duration.seconds(5)
    /// How long a request waits for its turn before it throws `timeout`.
    public var acquireTimeout = Duration.seconds(30)
    /// How long `close()` lets accepted writes go on.
    public var closeDeadline = Duration.seconds(10)
    /// How many callers read at once on their own threads. They contend for a lock of SQLite's, so more are not faster:
    /// who comes while all are reading is served by one of them, together with others. Half the cores.
    public var maxReaders = 8
    /// How many requests may wait; one more throws `timeout` at once.
    public var queueLimit = 65_536
    /// How many records one transaction takes up before the next begins.
    public var batchLimit = 512
    /// Changes are announced to whoever subscribes, in this process or another
    /// (``SQLiteBackend/invalidations()``). Where it is missing, what does so becomes part of the schema: triggers, which
    /// no writer can pass by, of whatever process and release. So it is chosen once, for all; false leaves it as it is.
    ///
    /// Each change then writes a row of some 100 bytes to a log beside the table, in the same transaction; the log keeps
    /// about the last 65,536, if somebody listens or expired records are swept.
    public var announcesChanges = false
    /// How often a subscriber looks for changes: the bound of what a cache that listens serves too long.
    public var changeInterval = Duration.milliseconds(250)
    /// The largest payload in bytes.
    public var maxPayload = 1 << 20
    /// From how long on an operation is logged as slow, without its values; nil for never.
    public var slowOperation: Duration? = .seconds(1)
    /// Decides what is live.
    public var clock: any AuthCacheClock
    /// Told of slow operations.
    public var logger: Logger

    /// A configuration that works untouched.
    public init(
      path: String, clock: any AuthCacheClock = .system, logger: Logger = Logger(label: "authcache.sqlite")
    ) {
      self.path = path
      self.clock = clock
      self.logger = logger
    }

    /// The name of the table if none is given.
    public static let defaultTableName = "auth_cache"

    /// What an acknowledged write survives (https://sqlite.org/pragma.html#pragma_synchronous).
    public enum Synchronous: String, Sendable, CaseIterable {
      /// The loss of power: every commit waits for the disk. Durability `.server`.
      case full = "FULL"
      /// The end of the process, but not of the machine: several times faster. Durability `.process`.
      case normal = "NORMAL"
    }

    /// One table for every kind, or one for each.
    public enum Tables: Sendable {
      /// One table, whose rows say of which kind they are.
      case one
      /// A table for each kind of the vocabulary, `auth_cache_session` and so on, beside `auth_cache` for all others:
      /// to look into them, to keep them on other disks, to vacuum them apart. Removing a group or what has expired
      /// takes a statement for each. Chosen once: records do not move.
      case perKind

      func layout(named name: String) throws(AuthCacheError) -> TableLayout {
        switch self {
        case .one: TableLayout(try TableName(name))
        case .perKind: try TableLayout(perKind: try TableName(name))
        }
      }
    }

    var engine: SQLBackend.Configuration {
      get throws(AuthCacheError) {
        var lanes = LaneSettings(
          acquireTimeout: acquireTimeout, queueLimit: queueLimit, batchLimit: batchLimit,
          slowOperation: slowOperation, logger: logger)
        // One connection writes, because one can: more are not to be had.
        lanes.reportsExhaustion = false
        var settings = SQLBackend.Configuration(
          layout: try tables.layout(named: tableName),
          properties: BackendProperties(
            aliases: true, durability: synchronous == .full ? .server : .process, shared: true,
            maxPayload: maxPayload),
          clock: clock, lanes: lanes, maxReaders: maxReaders, closeDeadline: closeDeadline)
        (settings.announcesChanges, settings.changeInterval) = (announcesChanges, changeInterval)
        return settings
      }
    }
  }
}
