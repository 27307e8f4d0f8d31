public import AuthCache
internal import AuthCacheSQL
internal import CSQLite

/// Records in one SQLite file, shared by any number of processes on one machine.
///
/// Reads run on the caller's thread; writes that arrive together are committed together, each durable when its call
/// returns.
///
/// ```swift
/// let backend = try await SQLiteBackend(path: "/var/lib/app/auth.sqlite")
/// ```
///
/// The file is kept in WAL mode (https://sqlite.org/wal.html): it needs a local file system, and two companion files
/// lie beside it. Where the file can't be opened, `init` throws with one sentence that says what to do.
public final class SQLiteBackend: BulkBackend, GatheringBackend, GroupBackend, ListingBackend, InvalidationBackend {
  private let engine: SQLBackend

  /// Opens the file with every setting at its default, creating file and table as needed.
  public convenience init(path: String, clock: any AuthCacheClock = .system) async throws(AuthCacheError) {
    try await self.init(configuration: Configuration(path: path, clock: clock))
  }

  /// Opens the file and brings its schema up to date. Any number of processes may do so at once.
  ///
  /// - Throws: `invalidArgument` for a path or table name that can't be meant, `unavailable` where the file can't be
  ///   opened or written, `corrupt` if it is no database, `unsupported` if its schema is newer than this release,
  ///   `timeout` if somebody else holds its lock for too long.
  public init(configuration: Configuration) async throws(AuthCacheError) {
    let path = configuration.path
    guard !path.isEmpty, path != ":memory:", !path.utf8.contains(0) else {
      throw AuthCacheError(
        .invalidArgument, operation: .open,
        "the path must name a file; for records in memory alone use MemoryBackend")
    }
    let settings = try configuration.engine
    engine = try await SQLBackend(
      SQLiteDriver(
        path: path, layout: settings.layout, synchronous: configuration.synchronous,
        busyTimeout: configuration.busyTimeout),
      settings)
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

extension SQLiteBackend {
  /// The version of the SQLite library in this process: `3.40.1`.
  public static var libraryVersion: String { String(cString: sqlite3_libversion()) }

  /// What opening makes of an empty file, as SQL ready to be read or piped into `sqlite3`. To run it again is harmless.
  ///
  /// - Parameter announcesChanges: with what announces changes.
  /// - Throws: `invalidArgument` for a table name that can't be meant.
  public static func schema(
    tableName: String = Configuration.defaultTableName, tables: Configuration.Tables = .one,
    announcesChanges: Bool = false
  ) throws(AuthCacheError) -> String {
    Schema.text(
      try tables.layout(named: tableName), dialect: SQLiteDialect(), announcesChanges: announcesChanges)
  }
}
