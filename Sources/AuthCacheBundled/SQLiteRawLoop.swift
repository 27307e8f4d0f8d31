internal import AuthCache
internal import AuthCacheConformance
internal import AuthCacheSQLite
internal import CSQLite
internal import Synchronization

/// libsqlite3 by hand, over the backend's own schema: prepared statements, WAL, synchronous=FULL.
///
/// Unchecked, because the handles are touched only by `fill`, `read`, `write`, `writeTogether` and `close`, which hold
/// the lock.
final class SQLiteRawLoop: RawClient, @unchecked Sendable {
  private let lock = Mutex(())
  private var database: OpaquePointer?
  private var select: OpaquePointer?
  private var upsert: OpaquePointer?
  private var digests: [[UInt8]] = []
  private var generator = SeededGenerator(seed: 7)
  private var payload = 200

  init(_ environment: BackendEnvironment) throws {
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
    try check(sqlite3_open_v2(environment.directory + "/raw.sqlite", &database, flags, nil))
    try run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
    try run(try SQLiteBackend.schema(tableName: "raw"))
    select = try prepare(
      "SELECT digest, access_token_digest, refresh_token_digest, subject_digest, provider_session_digest, grant_digest,"
        + " revision, created_at, expires_at, payload FROM raw"
        + " WHERE kind = 'session' AND digest = ?1 AND (expires_at IS NULL OR expires_at > ?2)")
    upsert = try prepare(
      "INSERT INTO raw (kind, digest, revision, created_at, expires_at, payload) VALUES ('session', ?1, ?2, ?3, ?4, ?5)"
        + " ON CONFLICT (kind, digest) DO UPDATE SET revision = excluded.revision, created_at = excluded.created_at,"
        + " expires_at = excluded.expires_at, payload = excluded.payload")
  }

  func fill(count: Int, payload: Int) throws {
    try lock.withLock { _ in
      self.payload = payload
      digests = (0..<count).map { _ in bytes(32) }
      try run("BEGIN IMMEDIATE")
      for digest in digests { try put(digest) }
      try run("COMMIT")
    }
  }

  func read(count: Int) throws {
    try lock.withLock { _ in
      for _ in 0..<count {
        let digest = digests[Int.random(in: 0..<digests.count, using: &generator)]
        bind(digest, to: select, at: 1)
        sqlite3_bind_int64(select, 2, 1)
        guard sqlite3_step(select) == SQLITE_ROW else { throw Blocked("the raw loop misses a row") }
        let length = Int(sqlite3_column_bytes(select, 9))
        guard let start = sqlite3_column_blob(select, 9) else { throw Blocked("the raw loop misses a payload") }
        guard [UInt8](UnsafeRawBufferPointer(start: start, count: length)).count == payload else {
          throw Blocked("the raw loop reads another payload")
        }
        sqlite3_reset(select)
      }
    }
  }

  func write(count: Int) throws {
    try lock.withLock { _ in
      for number in 0..<count { try put(digests[number % digests.count]) }
    }
  }

  func writeTogether(count: Int) throws {
    try lock.withLock { _ in
      try run("BEGIN IMMEDIATE")
      for number in 0..<count { try put(digests[number % digests.count]) }
      try run("COMMIT")
    }
  }

  func close() {
    lock.withLock { _ in
      sqlite3_finalize(select)
      sqlite3_finalize(upsert)
      sqlite3_close_v2(database)
      (select, upsert, database) = (nil, nil, nil)
    }
  }

  private func put(_ digest: [UInt8]) throws {
    bind(digest, to: upsert, at: 1)
    sqlite3_bind_int64(upsert, 2, Int64(bitPattern: generator.next()))
    sqlite3_bind_int64(upsert, 3, 1_800_000_000_000)
    sqlite3_bind_int64(upsert, 4, 4_000_000_000_000)
    bind(bytes(payload), to: upsert, at: 5)
    guard sqlite3_step(upsert) == SQLITE_DONE else { throw failure }
    sqlite3_reset(upsert)
  }

  private func bytes(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count { withUnsafeBytes(of: generator.next()) { bytes.append(contentsOf: $0) } }
    bytes.removeLast(bytes.count - count)
    return bytes
  }

  private func bind(_ bytes: [UInt8], to statement: OpaquePointer?, at index: Int32) {
    // The destructor -1 is SQLITE_TRANSIENT: SQLite keeps a copy.
    let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    sqlite3_bind_blob64(statement, index, bytes, UInt64(bytes.count), transient)
  }

  private func prepare(_ text: String) throws -> OpaquePointer? {
    var statement: OpaquePointer?
    try check(sqlite3_prepare_v3(database, text, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil))
    return statement
  }

  private func run(_ text: String) throws { try check(sqlite3_exec(database, text, nil, nil, nil)) }

  private func check(_ code: Int32) throws { if code != SQLITE_OK { throw failure } }

  private var failure: Blocked {
    Blocked("the raw loop: \(database.map { String(cString: sqlite3_errmsg($0)) } ?? "no database")")
  }
}
