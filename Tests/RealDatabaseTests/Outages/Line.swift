import AuthCache
import AuthCacheServers
import Testing

/// A backend with one connection behind a proxy, in a table that counts what is done to its rows.
struct Line {
  let database: Database
  let backend: Database.Backend
  let proxy: TestProxy
  let raw: RawSession
  let table: String
  private let watcher: RawSession

  init(
    _ database: Database, connections: ClosedRange<Int> = 1...1, statementTimeout: Duration = .seconds(1)
  ) async throws {
    let server = try await SharedServer.of(database)
    self.database = database
    proxy = try TestProxy(before: server)
    var settings = Database.Settings()
    settings.tableName = SharedServer.tableName()
    settings.connections = connections
    settings.connectTimeout = .seconds(1)
    settings.statementTimeout = statementTimeout
    table = settings.tableName
    backend = try await database.open(proxy.url, settings)
    raw = try RawSession(database, at: server.url)
    watcher = try RawSession(database, at: server.url)
    try raw.countDeeds(on: table)
  }

  /// How often a row was written or removed since this was last asked, whatever became of it: no rollback takes a
  /// sequence back.
  func deedsDuring(_ body: () async throws -> Void) async throws -> Int {
    let before = try raw.next(of: table)
    try await body()
    // Asking counts too.
    return try raw.next(of: table) - before - 1
  }

  /// The first operation of its kind prepares its statement, which is not what is to be cut.
  func warmUp() async throws {
    try await backend.store(record(1))
    _ = try await backend.replace(record(1), with: record(1, revision: 2))
    _ = try await backend.consume(record(1).id)
    _ = try await backend.load(record(1).id)
  }

  /// Has one operation for each of these records wait for the connection, and all of them served as one batch.
  ///
  /// - Parameter prepare: what is done when all of them wait.
  /// - Returns: what became of each.
  func together(
    _ records: [Record], afterPreparing prepare: () async -> Void = {},
    _ operation: @escaping @Sendable (Record) async throws -> Void
  ) async throws -> [AuthCacheError?] {
    try raw.hold(table)
    // Takes the connection until the table is released.
    let first = Task { [backend] in try await backend.load(record(1).id) }
    try await until { try watcher.held(by: table) == 1 }
    let begun = Count()
    let tasks = records.map { record in
      Task {
        begun.add()
        return try await failure { try await operation(record) }
      }
    }
    try await until { begun.value == records.count }
    await prepare()
    try raw.release()
    _ = try await first.value
    var failures: [AuthCacheError?] = []
    for task in tasks { failures.append(try await task.value) }
    return failures
  }

  func end() async throws {
    try await backend.close()
    await proxy.end()
  }
}
