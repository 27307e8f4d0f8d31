public import AuthCache
internal import AuthCacheSQL
internal import CMariaDB

/// Records in a MariaDB or MySQL database (InnoDB), shared by any number of processes on any number of machines.
///
/// Operations that are under way at once go to the server together: reads of one kind become one statement, writes one
/// transaction. Each is durable when its call returns, as far as the server's `innodb_flush_log_at_trx_commit` says so.
///
/// ```swift
/// let backend = try await MySQLBackend(url: "mysql://app:secret@db.example/auth?sslmode=verify-full")
/// ```
///
/// MariaDB 10.6 or newer, or MySQL 8. A cluster with several writers (Galera) is not safe for what may happen only
/// once: it loses updates even when it is healthy (https://jepsen.io/analyses). Write to one node.
/// Where the server can't be reached, `init` throws with one sentence that says what to do; later the backend connects
/// again by itself.
public final class MySQLBackend: BulkBackend, GatheringBackend, GroupBackend, ListingBackend, InvalidationBackend {
  private let engine: SQLBackend

  /// Connects with every setting at its default, creating the table as needed.
  ///
  /// - Parameter url: `mysql://user:password@host:port/database?sslmode=…`; see ``Address/init(url:)``.
  public convenience init(url: String, clock: any AuthCacheClock = .system) async throws(AuthCacheError) {
    try await self.init(configuration: Configuration(url: url, clock: clock))
  }

  /// Connects and brings the schema up to date. Any number of processes may do so at once.
  ///
  /// - Throws: `invalidArgument` for an address or a name that can't be meant, `unavailable` where the server can't be
  ///   reached or refuses, `timeout` where it does not answer, `unsupported` if the schema is newer than this release
  ///   or something else has the table's name.
  public init(configuration: Configuration) async throws(AuthCacheError) {
    let settings = try configuration.engine
    engine = try await SQLBackend(MySQLDriver(configuration, layout: settings.layout), settings)
  }

  public var properties: BackendProperties { engine.properties }

  public func store(_ record: Record) async throws(AuthCacheError) { try await engine.store(record) }

  public func insert(_ record: Record) async throws(AuthCacheError) -> Bool { try await engine.insert(record) }

  public func load(_ lookup: Lookup) async throws(AuthCacheError) -> Record? { try await engine.load(lookup) }

  public func consume(_ lookup: Lookup) async throws(AuthCacheError) -> Record? { try await engine.consume(lookup) }

  public func replace(_ current: Record, with next: Record) async throws(AuthCacheError) -> Bool {
    try await engine.replace(current, with: next)
  }

  public func extend(_ lookup: Lookup, to expiresAt: Timestamp) async throws(AuthCacheError) -> Bool {
    try await engine.extend(lookup, to: expiresAt)
  }

  public func remove(_ lookup: Lookup) async throws(AuthCacheError) -> Bool { try await engine.remove(lookup) }

  public func removeExpired(through cutoff: Timestamp, limit: Int) async throws(AuthCacheError) -> ExpiredCounts {
    try await engine.removeExpired(through: cutoff, limit: limit)
  }

  public func store(contentsOf records: [Record]) async throws(AuthCacheError) {
    try await engine.store(contentsOf: records)
  }

  public func remove(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Bool] {
    try await engine.remove(contentsOf: lookups)
  }

  public func load(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Record?] {
    try await engine.load(contentsOf: lookups)
  }

  public func removeAll(in group: Group) async throws(AuthCacheError) -> Int { try await engine.removeAll(in: group) }

  public func records(
    of kind: RecordKind, after: RecordDigest?, limit: Int
  ) async throws(AuthCacheError) -> [Record] {
    try await engine.records(of: kind, after: after, limit: limit)
  }

  /// What is changed through any handle, looked for every ``Configuration/changeInterval``.
  ///
  /// - Throws: `unsupported` where ``Configuration/announcesChanges`` never was on for this table.
  public func invalidations() async throws(AuthCacheError) -> InvalidationStream {
    try await engine.loggedInvalidations()
  }

  public func favorThroughput() { engine.favorThroughput() }

  public func close() async throws(AuthCacheError) { try await engine.close() }
}

extension MySQLBackend {
  /// The version of the client library in this process: `3.3.14`.
  public static var libraryVersion: String { String(cString: mysql_get_client_info()) }

  /// What connecting makes of an empty database, as SQL ready to be read or piped into `mariadb`. To run it again is
  /// harmless.
  ///
  /// - Parameter announcesChanges: with what announces changes.
  /// - Throws: `invalidArgument` for a table name that can't be meant.
  public static func schema(
    tableName: String = Configuration.defaultTableName, tables: Configuration.Tables = .one,
    announcesChanges: Bool = false
  ) throws(AuthCacheError) -> String {
    Schema.text(
      try tables.layout(named: tableName), dialect: MySQLDialect(hasReturning: true),
      announcesChanges: announcesChanges)
  }
}
