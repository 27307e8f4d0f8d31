import AuthCache
import AuthCacheSQL
import AuthCacheServers
import Foundation
import Testing

@testable import AuthCacheMySQL
@testable import AuthCachePostgres
@testable import AuthCacheSQLite

/// A database as the first release left it: `Fixtures/Schema`, tables and rows. Those files never change.
private struct FirstRelease {
  enum Store: String, CaseIterable, CustomTestStringConvertible {
    case postgres, mysql, sqlite

    var testDescription: String { rawValue }
    static let here = allCases.filter { $0.server?.canBeTested ?? true }
    var server: ServerKind? {
      switch self {
      case .postgres: .postgres
      case .mysql: .mariadb
      case .sqlite: nil
      }
    }
  }

  let store: Store
  let table = SharedServer.tableName()
  /// An address, or a path.
  let place: String
  let layout: TableLayout
  let driver: any SQLDriver

  init(_ store: Store) async throws {
    self.store = store
    layout = TableLayout(try TableName(table))
    switch store {
    case .postgres:
      place = try await SharedServer.of(.postgres).url
      driver = PostgresDriver(try PostgresBackend.Configuration(url: place), layout: layout)
    case .mysql:
      place = try await SharedServer.of(.mariadb).url
      driver = MySQLDriver(try MySQLBackend.Configuration(url: place), layout: layout)
    case .sqlite:
      place = FileManager.default.temporaryDirectory.appendingPathComponent("authcache-\(table).sqlite").path
      driver = SQLiteDriver(path: place, layout: layout, synchronous: .full, busyTimeout: .seconds(20))
    }
  }

  var text: String {
    get throws {
      let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
      return try String(
        contentsOf: root.appendingPathComponent("Fixtures/Schema/\(store.rawValue)-1.sql"), encoding: .utf8
      ).replacing("fixture_one", with: table)
    }
  }

  func load() throws {
    let connection = try driver.connect(.writer)
    defer { connection.close() }
    for statement in try text.split(separator: ";\n") { try connection.execute(String(statement)) }
  }

  func open() async throws -> Database.Backend {
    switch store {
    case .postgres:
      var configuration = try PostgresBackend.Configuration(url: place)
      configuration.tableName = table
      return try await PostgresBackend(configuration: configuration)
    case .mysql:
      var configuration = try MySQLBackend.Configuration(url: place)
      configuration.tableName = table
      return try await MySQLBackend(configuration: configuration)
    case .sqlite:
      var configuration = SQLiteBackend.Configuration(path: place)
      configuration.tableName = table
      return try await SQLiteBackend(configuration: configuration)
    }
  }

  var printed: String {
    get throws {
      switch store {
      case .postgres: try PostgresBackend.schema(tableName: table)
      case .mysql: try MySQLBackend.schema(tableName: table)
      case .sqlite: try SQLiteBackend.schema(tableName: table)
      }
    }
  }

  func end() {
    guard store == .sqlite else { return }
    for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: place + suffix) }
  }

  /// The records that the rows are.
  static let records: [Record] = {
    func digest(_ byte: UInt64) -> RecordDigest {
      let word = byte &* 0x0101_0101_0101_0101
      return RecordDigest(words: (word, word, word, word))
    }
    func instant(_ milliseconds: Int64) -> Timestamp { Timestamp(millisecondsSinceEpoch: milliseconds) }
    return [
      Record(
        kind: .session, digest: digest(1), revision: .max - 1, createdAt: instant(1_000),
        expiresAt: instant(99_999_999_999_999), aliases: Aliases(accessToken: digest(2), refreshToken: digest(3)),
        groups: Groups(subject: digest(4), providerSession: digest(5), grant: digest(6)),
        payload: [0x00, 0xFF, 0x7F, 0x27, 0x5C, 0x80, 0x0A]),
      Record(
        kind: .client, digest: digest(7), revision: 5, createdAt: instant(1_000), expiresAt: nil, payload: Payload([])),
      Record(
        kind: .code, digest: RecordDigest(words: (0, 0, 0, 0x20)), revision: UInt64(Int64.max),
        createdAt: instant(1_000), expiresAt: instant(99_999_999_999_999), groups: Groups(grant: digest(6)),
        payload: [0x20]),
    ]
  }()
  /// What had expired by then.
  static let expired = Lookup.id(.state, records[0].digest)
}

extension RealDatabases {
  @Suite(.serialized, .timeLimit(.minutes(2))) struct FixtureTests {
    @Test("what the first release wrote is read as the records that it is", arguments: FirstRelease.Store.here)
    fileprivate func read(_ store: FirstRelease.Store) async throws {
      let first = try await FirstRelease(store)
      defer { first.end() }
      try first.load()
      let records = FirstRelease.records
      for _ in 0..<2 {
        let backend = try await first.open()
        for record in records { #expect(try await backend.load(record.id) == record) }
        let aliases = records[0].aliases
        #expect(try await backend.load(.accessToken(try #require(aliases.accessToken))) == records[0])
        #expect(try await backend.load(.refreshToken(try #require(aliases.refreshToken))) == records[0])
        #expect(try await backend.load(FirstRelease.expired) == nil)
        try await backend.close()
      }
      let backend = try await first.open()
      let counts = try await backend.removeExpired(through: (.system as any AuthCacheClock).now, limit: 10)
      #expect(counts.total == 1)
      #expect(try await backend.consume(records[2].id) == records[2])
      try await backend.close()
    }

    @Test(
      "the step to version 1 is what was released, and what is printed only adds to it",
      arguments: FirstRelease.Store.here)
    fileprivate func printed(_ store: FirstRelease.Store) async throws {
      let first = try await FirstRelease(store)
      let schema = Schema(first.layout, dialect: first.driver.dialect)
      let released = try #require(schema.steps.first).map { "\($0);\n" }.joined()
      // Around it stand the version and the rows.
      #expect(try first.text.contains(released))
      func bare(_ text: String) -> String { text.replacing("IF NOT EXISTS ", with: "") }
      #expect(try bare(first.printed).contains(bare(released)))
    }

    @Test(
      "a step to version 2, taken by ten at once, is taken once, keeps every record, and shuts the older release out",
      arguments: FirstRelease.Store.here)
    fileprivate func upgraded(_ store: FirstRelease.Store) async throws {
      let first = try await FirstRelease(store)
      defer { first.end() }
      try first.load()
      let (table, driver) = (first.table, first.driver)
      // Whoever took it twice would fail at the column.
      let next = Schema(
        first.layout, dialect: driver.dialect,
        further: [["ALTER TABLE \(table) ADD COLUMN note BIGINT", "UPDATE \(table) SET note = revision"]])
      #expect(next.version == 2)
      let failures = Locked<[String]>([])
      let threads = try (0..<10).map { _ in
        try LaneThread {
          do throws(SQLFailure) {
            let connection = try driver.connect(.writer)
            defer { connection.close() }
            try next.migrate(on: connection)
          } catch {
            failures.with { $0.append("\(error)") }
          }
        }
      }
      for thread in threads { thread.join() }
      #expect(failures.with { $0 } == [])

      let connection = try driver.connect(.writer)
      defer { connection.close() }
      #expect(try connection.integer("SELECT count(*) FROM \(table)_schema WHERE version = 2") == 1)
      #expect(try connection.integer("SELECT count(*) FROM \(table) WHERE note = revision") == 4)
      let error = try await failure { _ = try await first.open() }
      #expect(error?.code == .unsupported)
      #expect(error?.reason.contains("schema version 2") == true)
      // As if this release knew it: the columns of version 1 hold what they held.
      try connection.execute("UPDATE \(table)_schema SET version = 1")
      let backend = try await first.open()
      for record in FirstRelease.records { #expect(try await backend.load(record.id) == record) }
      try await backend.close()
    }

    @Test("a step that fails is told as itself and leaves the version as it was", arguments: FirstRelease.Store.here)
    fileprivate func failing(_ store: FirstRelease.Store) async throws {
      let first = try await FirstRelease(store)
      defer { first.end() }
      try first.load()
      let next = Schema(
        first.layout, dialect: first.driver.dialect, further: [["ALTER TABLE \(first.table) ADD COLUMN digest BIGINT"]])
      let connection = try first.driver.connect(.writer)
      defer { connection.close() }
      #expect(
        performing: { try next.migrate(on: connection) },
        throws: { error in
          (error as? SQLFailure)?.reason.contains("another table name") == false
        })
      #expect(try connection.integer("SELECT max(version) FROM \(first.table)_schema") == 1)
    }
  }
}
