internal import AuthCache
internal import AuthCacheConformance
internal import AuthCacheMySQL
internal import AuthCachePostgres
internal import AuthCacheServers

/// What `doctor` says of the databases that are servers.
enum ServerDiagnosis {
  @Sendable static func postgres(_ url: String?) async -> [BackendFactory.Diagnosis] {
    await diagnose(.postgres, library: "libpq \(PostgresBackend.libraryVersion)", url) { url throws(AuthCacheError) in
      var configuration = try PostgresBackend.Configuration(url: url)
      configuration.tableName = "authcache_doctor"
      try await PostgresBackend(configuration: configuration).close()
    } tidy: { environment in
      try PostgresSite(of: environment).dropTables()
    } server: { environment in
      try PostgresSite(of: environment).server()
    }
  }

  @Sendable static func mysql(_ url: String?) async -> [BackendFactory.Diagnosis] {
    await diagnose(.mariadb, library: "libmariadb \(MySQLBackend.libraryVersion)", url) { url throws(AuthCacheError) in
      var configuration = try MySQLBackend.Configuration(url: url)
      configuration.tableName = "authcache_doctor"
      try await MySQLBackend(configuration: configuration).close()
    } tidy: { environment in
      try MySQLSite(of: environment).dropTables()
    } server: { environment in
      try MySQLSite(of: environment).server()
    }
  }

  private static func diagnose(
    _ kind: ServerKind, library: String, _ url: String?, open: (String) async throws(AuthCacheError) -> Void,
    tidy: (BackendEnvironment) throws -> Void, server: (BackendEnvironment) throws -> String
  ) async -> [BackendFactory.Diagnosis] {
    let missing = kind.whatIsMissing
    var found = [
      BackendFactory.Diagnosis(subject: "client library", isHealthy: true, found: library),
      // Without them nothing but --ephemeral is missed.
      BackendFactory.Diagnosis(
        subject: "programs for --ephemeral", isHealthy: true, found: missing ?? "\(kind.name) is installed"),
    ]
    guard let url else { return found }
    let environment = BackendEnvironment(
      namespace: "authcache_doctor", clock: .system, directory: "/tmp", url: url)
    do throws(AuthCacheError) {
      try await open(url)
      let name = (try? server(environment)) ?? kind.name
      found.append(.init(subject: "server", isHealthy: true, found: "\(name) answers, and a table can be made"))
      try? tidy(environment)
    } catch {
      found.append(.init(subject: "server", isHealthy: false, found: "\(error.code)", remedy: error.reason))
    }
    return found
  }
}
