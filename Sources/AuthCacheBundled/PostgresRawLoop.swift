internal import AuthCache
internal import AuthCacheConformance
internal import AuthCachePostgres
internal import CPostgres
internal import Foundation
internal import Synchronization

/// libpq by hand: one connection, prepared statements, binary parameters, nothing else. And pgbench, the server's own
/// load generator, for what many clients reach.
// Unchecked: the handle is used under the lock only.
final class PostgresRawLoop: RawClient, @unchecked Sendable {
  private let connection: OpaquePointer?
  private let lock = Mutex(())
  private let url: String
  private let namespace: String
  private let table: String
  private var digests: [[UInt8]] = []
  private var payload = 0
  private var generator = SystemRandomNumberGenerator()

  private static let columns =
    "kind, digest, access_token_digest, refresh_token_digest, subject_digest, provider_session_digest, grant_digest, "
    + "revision, created_at, expires_at, payload"

  init(_ environment: BackendEnvironment) throws {
    guard let url = environment.url else { throw Blocked(PostgresSite.howToReachOne) }
    self.url = url
    namespace = environment.namespace
    table = "\(namespace)_raw"
    connection = PQconnectdb(url)
    guard PQstatus(connection) == CONNECTION_OK else { throw Blocked("the raw loop can't reach PostgreSQL") }
    try run("SET client_min_messages = error")
    try run("DROP TABLE IF EXISTS \(table), \(table)_schema, \(table)_pgbench")
    try run(PostgresBackend.schema(tableName: table))
    try prepare(
      "read",
      "SELECT \(Self.columns) FROM \(table) WHERE kind = $1 AND digest = $2 "
        + "AND (expires_at IS NULL OR expires_at > $3)")
    let overwrites =
      "revision = excluded.revision, created_at = excluded.created_at, "
      + "expires_at = excluded.expires_at, payload = excluded.payload"
    try prepare(
      "write",
      "INSERT INTO \(table) (kind, digest, revision, created_at, expires_at, payload) "
        + "VALUES ('session', $1, $2, 1, 4000000000000, $3) ON CONFLICT (kind, digest) DO UPDATE SET \(overwrites)")
    try prepare(
      "many",
      "INSERT INTO \(table) (\(Self.columns)) SELECT * FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::bytea[], "
        + "$5::bytea[], $6::bytea[], $7::bytea[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bytea[]) "
        + "ON CONFLICT (kind, digest) DO UPDATE SET \(overwrites)")
  }

  func fill(count: Int, payload: Int) throws {
    try lock.withLock { _ in
      self.payload = payload
      digests = (0..<count).map { _ in bytes(32) }
      for start in stride(from: 0, to: count, by: 1_000) { try putTogether(digests[start..<min(count, start + 1_000)]) }
      try run(
        "CREATE TABLE \(table)_pgbench (id INTEGER PRIMARY KEY, payload BYTEA NOT NULL);"
          + "INSERT INTO \(table)_pgbench SELECT n, convert_to(repeat(md5(n::text), \(payload / 32 + 1)), 'UTF8') "
          + "FROM generate_series(1, \(count)) n")
      // Both sides are read as they are once the server has put what was written in order.
      for filled in [namespace, table, "\(table)_pgbench"] { try run("VACUUM ANALYZE \(filled)") }
    }
  }

  func settle(_ namespace: String) throws { try lock.withLock { _ in try run("VACUUM ANALYZE \(namespace)") } }

  func read(count: Int) throws {
    try lock.withLock { _ in
      for _ in 0..<count {
        let digest = digests[Int.random(in: 0..<digests.count, using: &generator)]
        try execute("read", [Array("session".utf8), digest, big(1)]) { result in
          guard PQntuples(result) == 1, Int(PQgetlength(result, 0, 10)) == payload else {
            throw Blocked("the raw loop misses a row")
          }
        }
      }
    }
  }

  func write(count: Int) throws {
    try lock.withLock { _ in
      for number in 0..<count {
        try execute("write", [digests[number % digests.count], big(Int64.random(in: 0 ... .max)), bytes(payload)]) {
          _ in
        }
      }
    }
  }

  func writeTogether(count: Int) throws { try lock.withLock { _ in try putTogether(digests[..<count]) } }

  /// The most that pgbench reaches with prepared statements on single rows, over 1, 2 and 8 clients.
  func peak(_ work: RawWork, seconds: Int) throws -> (perSecond: Double, name: String)? {
    let script =
      switch work {
      case .reads: "SELECT payload FROM \(table)_pgbench WHERE id = :id;"
      case .writes:
        "INSERT INTO \(table)_pgbench VALUES (:id, convert_to(repeat(md5(random()::text), \(payload / 32 + 1)), 'UTF8'))"
          + " ON CONFLICT (id) DO UPDATE SET payload = excluded.payload;"
      }
    let folder = FileManager.default.temporaryDirectory.path
    // Named so that what puts things away after a Ctrl-C finds it.
    let file = "\(folder)/authcache-\(ProcessInfo.processInfo.processIdentifier)-\(UUID().uuidString).pgbench"
    try "\\set id random(1, \(digests.count))\n\(script)\n".write(toFile: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: file) }
    var best = 0.0
    for clients in [1, 2, 8] {
      let count = (work == .reads ? 40_000 : 8_000) * seconds / clients
      best = max(best, try Pgbench.run(file, clients: clients, transactions: count, url: url))
    }
    return (best, "pgbench at its best of 1, 2 and 8 clients")
  }

  func close() {
    lock.withLock { _ in
      PQclear(PQexec(connection, "DROP TABLE IF EXISTS \(table), \(table)_schema, \(table)_pgbench"))
      PQfinish(connection)
    }
  }

  private func putTogether(_ digests: ArraySlice<[UInt8]>) throws {
    let nothing = [[UInt8]?](repeating: nil, count: digests.count)
    var columns = [
      Self.array(digests.map { _ in Array("session".utf8) }, type: 25), Self.array(Array(digests), type: 17),
    ]
    for _ in 0..<5 { columns.append(Self.array(nothing, type: 17)) }
    columns.append(Self.array(digests.map { _ in big(Int64.random(in: 0 ... .max)) }, type: 20))
    columns.append(Self.array(digests.map { _ in big(1) }, type: 20))
    columns.append(Self.array(digests.map { _ in big(4_000_000_000_000) }, type: 20))
    columns.append(Self.array(digests.map { _ in bytes(payload) }, type: 17))
    try execute("many", columns) { _ in }
  }

  private static func array(_ elements: [[UInt8]?], type: Int32) -> [UInt8] {
    var bytes: [UInt8] = []
    func append(_ word: Int32) { withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) } }
    for word in [1, elements.contains { $0 == nil } ? 1 : 0, type, Int32(elements.count), 1] { append(word) }
    for element in elements {
      append(element.map { Int32($0.count) } ?? -1)
      if let element { bytes.append(contentsOf: element) }
    }
    return bytes
  }

  private func big(_ number: Int64) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { [UInt8]($0) } }

  private func bytes(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count { withUnsafeBytes(of: generator.next()) { bytes.append(contentsOf: $0) } }
    bytes.removeLast(bytes.count - count)
    return bytes
  }

  private func prepare(_ name: String, _ text: String) throws {
    let result = PQprepare(connection, name, text, 0, nil)
    defer { PQclear(result) }
    guard PQresultStatus(result) == PGRES_COMMAND_OK else { throw failure }
  }

  private func run(_ text: String) throws {
    let result = PQexec(connection, text)
    defer { PQclear(result) }
    guard PQresultStatus(result) == PGRES_COMMAND_OK else { throw failure }
  }

  private func execute(
    _ name: String, _ parameters: [[UInt8]], _ body: (OpaquePointer?) throws -> Void
  ) throws {
    let all = parameters.flatMap(\.self)
    let result = all.withUnsafeBytes { buffer in
      var pointers: [UnsafePointer<CChar>?] = []
      var offset = 0
      for parameter in parameters {
        pointers.append(buffer.baseAddress.map { ($0 + offset).assumingMemoryBound(to: CChar.self) })
        offset += parameter.count
      }
      return PQexecPrepared(
        connection, name, Int32(parameters.count), pointers, parameters.map { Int32($0.count) },
        Array(repeating: 1, count: parameters.count), 1)
    }
    defer { PQclear(result) }
    guard [PGRES_COMMAND_OK, PGRES_TUPLES_OK].contains(PQresultStatus(result)) else { throw failure }
    try body(result)
  }

  private var failure: Blocked { Blocked("the raw loop: \(String(cString: PQerrorMessage(connection)))") }
}
