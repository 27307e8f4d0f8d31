internal import AuthCache
public import AuthCacheConformance
internal import AuthCachePostgres
internal import AuthCacheServers

extension BackendFactory {
  /// The bundled PostgreSQL backend, in tables of its own for each check, in the database of an address
  /// `postgres://…`.
  public static let postgres = BackendFactory(
    "postgres", expecting: [.bulk, .group, .listing, .invalidation], embedded: false,
    schemes: ["postgres", "postgresql"],
    ephemeral: { try await ThrowawayServer.store(.postgres) },
    reopen: open, destroy: { try PostgresSite(of: $0).dropTables() },
    faults: Faults(
      cut: { try PostgresSite(of: $0).breakOff() }, restore: { try PostgresSite(of: $0).mend() },
      corrupt: { try PostgresSite(of: $0).corruptPayloads() }),
    probe: { try PostgresSite(of: $0).everyByte() },
    server: { try PostgresSite(of: $0).server() },
    tools: Tools(
      schema: { table, options in
        var tableOptions: PostgresBackend.Configuration.TableOptions = []
        if options.contains(.unlogged) { tableOptions.insert(.unlogged) }
        if options.contains(.jsonPayload) { tableOptions.insert(.jsonPayload) }
        return try PostgresBackend.schema(
          tableName: table ?? PostgresBackend.Configuration.defaultTableName,
          tables: options.contains(.tablePerKind) ? .perKind : .one, options: tableOptions,
          announcesChanges: options.contains(.announceChanges))
      },
      schemaOptions: Set(SchemaOption.allCases),
      diagnose: ServerDiagnosis.postgres,
      wrongWithAddress: { url in
        do throws(AuthCacheError) {
          _ = try PostgresBackend.Address(url: url)
          return nil
        } catch {
          return error.reason
        }
      },
      rival: { try PostgresRawLoop($0) },
      targets: RawTargets(readByOne: 1.5, readsBy64: 2, writesBy64: 2.5, bulk: 0.9, bulkCount: 1_000, rows: 100_000),
      notification: { try PostgresRawNotification($0) }),
    make: open)

  @Sendable private static func open(_ environment: BackendEnvironment) async throws -> PostgresBackend {
    guard let url = environment.url else { throw Blocked(PostgresSite.howToReachOne) }
    var configuration = try PostgresBackend.Configuration(url: url, clock: environment.clock)
    configuration.tableName = environment.namespace
    configuration.announcesChanges = environment.announces
    configuration.logger = environment.logger
    // Checks that run side by side open many handles, some of them in several processes.
    (configuration.minConnections, configuration.maxConnections) = (3, 3)
    do throws(AuthCacheError) {
      return try await PostgresBackend(configuration: configuration)
    } catch {
      throw error.code == .unavailable || error.code == .timeout ? Blocked(error.reason) : error as any Error
    }
  }
}
