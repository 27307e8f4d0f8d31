internal import AuthCache
internal import AuthCacheConformance
internal import AuthCacheMySQL
internal import CMariaDB
internal import Foundation
internal import Synchronization

/// libmariadb by hand: one connection, prepared statements, nothing else.
// Unchecked: the handles are used under the lock only.
final class MySQLRawLoop: RawClient, @unchecked Sendable {
  private typealias Statement = UnsafeMutablePointer<MYSQL_STMT>

  private let connection: UnsafeMutablePointer<MYSQL>
  private let lock = Mutex(())
  private let table: String
  private var select: Statement?
  private var upsert: Statement?
  private var bulk: Statement?
  private var digests: [[UInt8]] = []
  private var payload = 0
  private var generator = SystemRandomNumberGenerator()

  init(_ environment: BackendEnvironment) throws {
    guard let url = environment.url, let connection = mysql_init(nil) else { throw Blocked(MySQLSite.howToReachOne) }
    self.connection = connection
    table = "\(environment.namespace)_raw"
    let address = try MySQLBackend.Address(url: url)
    guard
      mysql_real_connect(
        connection, address.socket == nil ? address.host ?? "127.0.0.1" : nil, address.user, address.password,
        address.database, UInt32(address.port ?? 0), address.socket, 0) != nil
    else { throw Blocked("the raw loop can't reach the server") }
    try run("DROP TABLE IF EXISTS \(table), \(table)_schema")
    for statement in try MySQLBackend.schema(tableName: table).split(separator: ";\n") { try run(String(statement)) }
    let overwrites = ["revision", "created_at", "expires_at", "payload"].map { "\($0) = VALUES(\($0))" }
      .joined(separator: ", ")
    let write =
      "INSERT INTO \(table) (kind, digest, revision, created_at, expires_at, payload) "
      + "VALUES ('session', ?, ?, 1, 4000000000000, ?) ON DUPLICATE KEY UPDATE \(overwrites)"
    select = try prepare(
      "SELECT digest, access_token_digest, refresh_token_digest, subject_digest, provider_session_digest, grant_digest, "
        + "revision, created_at, expires_at, payload FROM \(table) "
        + "WHERE kind = 'session' AND digest = ? AND (expires_at IS NULL OR expires_at > ?)")
    upsert = try prepare(write)
    bulk = try prepare(write)
  }

  func fill(count: Int, payload: Int) throws {
    try lock.withLock { _ in
      self.payload = payload
      digests = (0..<count).map { _ in bytes(32) }
      for start in stride(from: 0, to: count, by: 1_000) { try putTogether(digests[start..<min(count, start + 1_000)]) }
    }
  }

  func read(count: Int) throws {
    try lock.withLock { _ in
      guard let select else { throw failure }
      let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 10 * 1_024, alignment: 16)
      var lengths = [UInt](repeating: 0, count: 10)
      var nulls = [my_bool](repeating: 0, count: 10)
      defer { room.deallocate() }
      try lengths.withUnsafeMutableBufferPointer { lengths in
        try nulls.withUnsafeMutableBufferPointer { nulls in
          var results = [MYSQL_BIND](repeating: MYSQL_BIND(), count: 10)
          for column in 0..<10 {
            results[column].buffer_type = (6...8).contains(column) ? MYSQL_TYPE_LONGLONG : MYSQL_TYPE_BLOB
            results[column].buffer = room.baseAddress.map { $0 + column * 1_024 }
            results[column].buffer_length = 1_024
            results[column].length = lengths.baseAddress.map { $0 + column }
            results[column].is_null = nulls.baseAddress.map { $0 + column }
          }
          for _ in 0..<count {
            let digest = digests[Int.random(in: 0..<digests.count, using: &generator)]
            try execute(select, [.bytes(digest), .integer(1)])
            guard mysql_stmt_bind_result(select, &results) == 0, mysql_stmt_store_result(select) == 0,
              mysql_stmt_fetch(select) == 0, Int(lengths[9]) == payload
            else { throw Blocked("the raw loop misses a row") }
            let start = room.baseAddress.map { UnsafeRawPointer($0 + 9 * 1_024) }
            guard [UInt8](UnsafeRawBufferPointer(start: start, count: Int(lengths[9]))).count == payload else {
              throw Blocked("the raw loop reads another payload")
            }
            mysql_stmt_free_result(select)
          }
        }
      }
    }
  }

  func write(count: Int) throws {
    try lock.withLock { _ in
      guard let upsert else { throw failure }
      for number in 0..<count {
        try execute(
          upsert,
          [.bytes(digests[number % digests.count]), .integer(.random(in: 0 ... .max)), .bytes(bytes(payload))])
      }
    }
  }

  func writeTogether(count: Int) throws { try lock.withLock { _ in try putTogether(digests[..<count]) } }

  func close() {
    lock.withLock { _ in
      for statement in [select, upsert, bulk] { if let statement { mysql_stmt_close(statement) } }
      let text = "DROP TABLE IF EXISTS \(table), \(table)_schema"
      mysql_real_query(connection, text, UInt(text.utf8.count))
      mysql_close(connection)
    }
  }

  private enum Value {
    case integer(Int64)
    case bytes([UInt8])
  }

  private func execute(_ statement: Statement, _ values: [Value]) throws {
    var all = values.flatMap { value -> [UInt8] in
      switch value {
      case .integer(let number): withUnsafeBytes(of: number) { [UInt8]($0) }
      case .bytes(let bytes): bytes
      }
    }

    try all.withUnsafeMutableBytes { buffer in
      var binds: [MYSQL_BIND] = []
      var offset = 0
      for value in values {
        var bind = MYSQL_BIND()
        bind.buffer = buffer.baseAddress.map { $0 + offset }
        switch value {
        case .integer:
          bind.buffer_type = MYSQL_TYPE_LONGLONG
          offset += 8
        case .bytes(let bytes):
          bind.buffer_type = MYSQL_TYPE_BLOB
          bind.buffer_length = UInt(bytes.count)
          offset += bytes.count
        }
        binds.append(bind)
      }
      guard mysql_stmt_bind_param(statement, &binds) == 0, mysql_stmt_execute(statement) == 0 else { throw failure }
    }
  }

  /// All rows in one execution, column by column.
  private func putTogether(_ digests: ArraySlice<[UInt8]>) throws {
    guard let bulk else { throw failure }
    let count = digests.count
    var keys = digests.flatMap(\.self)
    var values = (0..<count).flatMap { _ in bytes(payload) }
    var revisions = (0..<count).map { _ in Int64.random(in: 0 ... .max) }
    try keys.withUnsafeMutableBufferPointer { keys in
      try values.withUnsafeMutableBufferPointer { values in
        try revisions.withUnsafeMutableBufferPointer { revisions in
          var keyPointers = (0..<count).map { number in keys.baseAddress.map { $0 + number * 32 } }
          var valuePointers = (0..<count).map { number in values.baseAddress.map { $0 + number * payload } }
          var keyLengths = [UInt](repeating: 32, count: count)
          var valueLengths = [UInt](repeating: UInt(payload), count: count)
          try keyPointers.withUnsafeMutableBytes { keyPointers in
            try valuePointers.withUnsafeMutableBytes { valuePointers in
              try keyLengths.withUnsafeMutableBufferPointer { keyLengths in
                try valueLengths.withUnsafeMutableBufferPointer { valueLengths in
                  var binds = [MYSQL_BIND](repeating: MYSQL_BIND(), count: 3)
                  binds[0].buffer_type = MYSQL_TYPE_BLOB
                  binds[0].buffer = keyPointers.baseAddress
                  binds[0].length = keyLengths.baseAddress
                  binds[1].buffer_type = MYSQL_TYPE_LONGLONG
                  binds[1].buffer = UnsafeMutableRawPointer(revisions.baseAddress)
                  binds[2].buffer_type = MYSQL_TYPE_BLOB
                  binds[2].buffer = valuePointers.baseAddress
                  binds[2].length = valueLengths.baseAddress
                  var size = UInt32(count)
                  guard mysql_stmt_attr_set(bulk, STMT_ATTR_ARRAY_SIZE, &size) == 0,
                    mysql_stmt_bind_param(bulk, &binds) == 0, mysql_stmt_execute(bulk) == 0
                  else { throw failure }
                }
              }
            }
          }
        }
      }
    }
  }

  private func bytes(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count { withUnsafeBytes(of: generator.next()) { bytes.append(contentsOf: $0) } }
    bytes.removeLast(bytes.count - count)
    return bytes
  }

  private func prepare(_ text: String) throws -> Statement {
    guard let statement = mysql_stmt_init(connection),
      mysql_stmt_prepare(statement, text, UInt(text.utf8.count)) == 0
    else { throw failure }
    return statement
  }

  private func run(_ text: String) throws {
    guard mysql_real_query(connection, text, UInt(text.utf8.count)) == 0 else { throw failure }
  }

  private var failure: Blocked { Blocked("the raw loop: \(String(cString: mysql_error(connection)))") }
}
