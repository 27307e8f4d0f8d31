internal import AuthCache
public import AuthCacheConformance
internal import AuthCacheSQLite
internal import Foundation

extension BackendFactory {
  /// The bundled SQLite backend: in a file of its own for each check, or in tables of its own inside the file that an
  /// address `sqlite:PATH` names.
  public static let sqlite = BackendFactory(
    "sqlite", expecting: [.bulk, .group, .listing, .invalidation], schemes: ["sqlite"], reopen: open,
    destroy: { try SQLiteFile(of: $0).dropTables() },
    faults: Faults(
      cut: { try SQLiteFile(of: $0).breakOff() }, restore: { try SQLiteFile(of: $0).mend() },
      corrupt: { try SQLiteFile(of: $0).corruptPayloads() }),
    probe: { try SQLiteFile(of: $0).everyByte() },
    server: { _ in "SQLite \(SQLiteBackend.libraryVersion)" },
    tools: Tools(
      schema: { table, options in
        try SQLiteBackend.schema(
          tableName: table ?? SQLiteBackend.Configuration.defaultTableName,
          tables: options.contains(.tablePerKind) ? .perKind : .one,
          announcesChanges: options.contains(.announceChanges))
      },
      schemaOptions: [.announceChanges, .tablePerKind],
      diagnose: SQLiteDiagnosis.diagnose, wrongWithAddress: SQLiteAddress.fault(in:),
      rival: { try SQLiteRawLoop($0) },
      targets: RawTargets(readByOne: 2, readsBy64: 1.2, writesBy64: 5, bulk: 0.8, bulkCount: 10_000, rows: 10_000),
      changeInterval: SQLiteBackend.Configuration(path: "").changeInterval),
    make: open)

  @Sendable private static func open(_ environment: BackendEnvironment) async throws -> SQLiteBackend {
    let file = try SQLiteFile(of: environment)
    var configuration = SQLiteBackend.Configuration(
      path: file.path, clock: environment.clock, logger: environment.logger)
    configuration.tableName = file.table
    configuration.announcesChanges = environment.announces
    // A check that waits for a lock on purpose should not wait long.
    configuration.busyTimeout = .seconds(2)
    do {
      return try await SQLiteBackend(configuration: configuration)
    } catch {
      throw environment.url == nil ? error as any Error : Blocked("\(file.path): \(error.reason)")
    }
  }
}
