import AuthCache
import AuthCacheSQLite
import CSQLite
import Foundation
import Testing

@Suite struct OpeningTests {
  private func failure(_ configuration: SQLiteBackend.Configuration) async -> AuthCacheError? {
    do {
      let backend = try await SQLiteBackend(configuration: configuration)
      try await backend.close()
      return nil
    } catch {
      return error
    }
  }

  @Test("a path in a folder that is missing is unavailable, and the error says what to look at")
  func missingFolder() async {
    let error = await failure(.init(path: "/nowhere/at/all/auth.sqlite"))
    #expect(error?.code == .unavailable)
    #expect(error?.reason.contains("folder") == true)
  }

  @Test("no path and a path in memory are refused", arguments: ["", ":memory:"])
  func noFile(_ path: String) async {
    #expect(await failure(.init(path: path))?.code == .invalidArgument)
  }

  @Test("a file that is no database is left as it is")
  func notADatabase() async throws {
    let folder = try TemporaryFolder()
    let text = String(repeating: "this is no database. ", count: 100)
    try text.write(toFile: folder.file, atomically: true, encoding: .utf8)
    let error = await failure(.init(path: folder.file))
    #expect(error?.code == .corrupt)
    #expect(error?.reason.contains("not a SQLite database") == true)
    #expect(try String(contentsOfFile: folder.file, encoding: .utf8) == text)
  }

  @Test(
    "a table name that could be more than a name is refused",
    arguments: ["", "1st", "a b", "a;DROP TABLE x", "ä", "\"quoted\"", String(repeating: "a", count: 49)])
  func tableName(_ name: String) async throws {
    let folder = try TemporaryFolder()
    var configuration = SQLiteBackend.Configuration(path: folder.file)
    configuration.tableName = name
    #expect(await failure(configuration)?.code == .invalidArgument)
  }

  @Test("a schema of a newer release is refused and left as it is")
  func newerSchema() async throws {
    let folder = try TemporaryFolder()
    try await SQLiteBackend(path: folder.file).close()
    try run("UPDATE auth_cache_schema SET version = 99", in: folder.file)
    let error = await failure(.init(path: folder.file))
    #expect(error?.code == .unsupported)
    #expect(error?.reason.contains("99") == true)
  }

  @Test("a table of that name which is somebody else's is refused")
  func foreignTable() async throws {
    let folder = try TemporaryFolder()
    try run("CREATE TABLE auth_cache (mine TEXT)", in: folder.file)
    let error = await failure(.init(path: folder.file))
    #expect(error?.code == .unsupported)
    #expect(error?.reason.contains("another table name") == true)
  }

  @Test("twenty handles that open one new file at once all succeed and share it")
  func manyAtOnce() async throws {
    let folder = try TemporaryFolder()
    let backends = try await withThrowingTaskGroup(of: SQLiteBackend.self) { group in
      for _ in 0..<20 { group.addTask { try await SQLiteBackend(path: folder.file) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    for (number, backend) in backends.enumerated() { try await backend.store(record(UInt64(number))) }
    for backend in backends {
      let found = try await backend.load(contentsOf: (0..<20).map { record($0).id })
      #expect(found.allSatisfy { $0 != nil })
    }
    for backend in backends { try await backend.close() }
  }

  @Test(
    "the printed schema is one that opens, and to run it again is harmless",
    arguments: [SQLiteBackend.Configuration.Tables.one, .perKind], [false, true])
  func printedSchema(_ tables: SQLiteBackend.Configuration.Tables, announces: Bool) async throws {
    let folder = try TemporaryFolder()
    let schema = try SQLiteBackend.schema(tables: tables, announcesChanges: announces)
    for _ in 0..<2 { try run(schema, in: folder.file) }
    var configuration = SQLiteBackend.Configuration(path: folder.file)
    configuration.tables = tables
    let backend = try await SQLiteBackend(configuration: configuration)
    if announces { _ = try await backend.invalidations() }
    try await backend.store(record(1))
    try run(schema, in: folder.file)
    #expect(try await backend.load(record(1).id) != nil)
    try await backend.close()
  }

  @Test("two tables in one file know nothing of each other")
  func twoTables() async throws {
    let folder = try TemporaryFolder()
    var configuration = SQLiteBackend.Configuration(path: folder.file)
    let first = try await SQLiteBackend(configuration: configuration)
    configuration.tableName = "other"
    let second = try await SQLiteBackend(configuration: configuration)
    try await first.store(record(1))
    #expect(try await second.load(record(1).id) == nil)
    try await first.close()
    try await second.close()
  }
}

/// Runs SQL on the file from outside.
func run(_ text: String, in path: String) throws {
  var database: OpaquePointer?
  defer { sqlite3_close(database) }
  try #require(sqlite3_open(path, &database) == SQLITE_OK)
  try #require(sqlite3_exec(database, text, nil, nil, nil) == SQLITE_OK)
}
