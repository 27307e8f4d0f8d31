import AuthCacheServers

/// One server of each kind for all tests that do it no harm, and one for those that do. They end with this process.
enum SharedServer {
  private static let postgres = Task { try await ThrowawayServer.start(.postgres) }
  private static let mariadb = Task { try await ThrowawayServer.start(.mariadb) }

  static func of(_ database: Database) async throws -> ThrowawayServer {
    try await ThrowawayServer.shared(database.server)
  }

  /// One that keeps what it acknowledged, whatever is done to it. It runs, also if a test before left it otherwise.
  static func durable(_ database: Database) async throws -> ThrowawayServer {
    let server = try await (database.server == .postgres ? postgres : mariadb).value
    try await server.thaw()
    try await server.start()
    return server
  }

  /// A table name that no other test has.
  static func tableName() -> String { "t\(UInt32.random(in: .min ... .max))" }
}
