internal import AuthCache
public import AuthCacheConformance
internal import AuthCacheMySQL
internal import AuthCacheServers

extension BackendFactory {
  /// The bundled backend for MariaDB and MySQL, in tables of its own for each check, in the database of an address
  /// `mysql://…`.
  public static let mysql = mysql(named: "mysql", deletes: .automatic)

  /// The same on the way that MySQL proper needs, also where the server is MariaDB.
  package static let mysqlLocked = mysql(named: "mysql-locked", deletes: .locked)

  private static func mysql(named name: String, deletes: MySQLBackend.Configuration.Deletes) -> BackendFactory {
    let open: Make = { environment in try await opened(environment, deletes) }
    return BackendFactory(
      name, expecting: [.bulk, .group, .listing, .invalidation], embedded: false, schemes: ["mysql", "mariadb"],
      ephemeral: { try await ThrowawayServer.store(.mariadb) },
      reopen: open, destroy: { try MySQLSite(of: $0).dropTables() },
      faults: Faults(
        cut: { try MySQLSite(of: $0).breakOff() }, restore: { try MySQLSite(of: $0).mend() },
        corrupt: { try MySQLSite(of: $0).corruptPayloads() }),
      probe: { try MySQLSite(of: $0).everyByte() },
      server: { try MySQLSite(of: $0).server() },
      tools: Tools(
        schema: { table, options in
          try MySQLBackend.schema(
            tableName: table ?? MySQLBackend.Configuration.defaultTableName,
            tables: options.contains(.tablePerKind) ? .perKind : .one,
            announcesChanges: options.contains(.announceChanges))
        },
        schemaOptions: [.announceChanges, .tablePerKind],
        diagnose: ServerDiagnosis.mysql,
        wrongWithAddress: { url in
          do throws(AuthCacheError) {
            _ = try MySQLBackend.Address(url: url)
            return nil
          } catch {
            return error.reason
          }
        },
        rival: { try MySQLRawLoop($0) },
        targets: RawTargets(readByOne: 1.5, readsBy64: 4, writesBy64: 6, bulk: 0.9, bulkCount: 1_000, rows: 100_000),
        changeInterval: MySQLBackend.Configuration.defaultChangeInterval),
      make: open)
  }

  private static func opened(
    _ environment: BackendEnvironment, _ deletes: MySQLBackend.Configuration.Deletes
  ) async throws -> MySQLBackend {
    guard let url = environment.url else { throw Blocked(MySQLSite.howToReachOne) }
    var configuration = try MySQLBackend.Configuration(url: url, clock: environment.clock)
    configuration.tableName = environment.namespace
    configuration.announcesChanges = environment.announces
    configuration.logger = environment.logger
    configuration.deletes = deletes
    // Checks that run side by side open many handles, some of them in several processes.
    (configuration.minConnections, configuration.maxConnections) = (3, 3)
    do throws(AuthCacheError) {
      return try await MySQLBackend(configuration: configuration)
    } catch {
      throw error.code == .unavailable || error.code == .timeout ? Blocked(error.reason) : error as any Error
    }
  }
}
