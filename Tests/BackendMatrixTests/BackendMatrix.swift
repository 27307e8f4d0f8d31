import AuthCacheBundled
import AuthCacheConformance
import AuthCacheServers
import AuthCacheTesting
import Testing

/// Every bundled backend, asked every requirement.
@Suite struct BackendMatrix {
  @Test(arguments: Requirement.all)
  func memory(_ requirement: Requirement) async throws {
    try await verify(requirement, on: .memory, child: .product("authcache"))
  }

  @Test(arguments: Requirement.all)
  func sqlite(_ requirement: Requirement) async throws {
    try await verify(requirement, on: .sqlite, child: .product("authcache"))
  }

  @Test(.on(.postgres), arguments: Requirement.all)
  func postgres(_ requirement: Requirement) async throws {
    let url = try await ThrowawayServer.shared(.postgres).url
    try await verify(requirement, on: .postgres, url: url, child: .product("authcache"))
  }

  @Test(.on(.mariadb), arguments: Requirement.all)
  func mariadb(_ requirement: Requirement) async throws {
    let url = try await ThrowawayServer.shared(.mariadb).url
    try await verify(requirement, on: .mysql, url: url, child: .product("authcache"))
  }

  /// The way that MySQL proper needs.
  @Test(.on(.mariadb), arguments: Requirement.all)
  func mariadbWithoutReturning(_ requirement: Requirement) async throws {
    let url = try await ThrowawayServer.shared(.mariadb).url
    try await verify(requirement, on: .mysqlLocked, url: url, child: .product("authcache"))
  }

  @Test(arguments: Requirement.all)
  func bufferedMemory(_ requirement: Requirement) async throws {
    try await verify(requirement, on: .memory, stack: .buffered, child: .product("authcache"))
  }

  @Test(arguments: Requirement.all)
  func bufferedSQLite(_ requirement: Requirement) async throws {
    try await verify(requirement, on: .sqlite, stack: .buffered, child: .product("authcache"))
  }

  @Test(arguments: Requirement.all)
  func cachedMemory(_ requirement: Requirement) async throws {
    try await verify(requirement, on: .memory, stack: .cached, child: .product("authcache"))
  }

  @Test(arguments: Requirement.all)
  func cachedSQLite(_ requirement: Requirement) async throws {
    try await verify(requirement, on: .sqlite, stack: .cached, child: .product("authcache"))
  }

  @Test(arguments: Requirement.all)
  func threeDeepMemory(_ requirement: Requirement) async throws {
    try await verify(requirement, on: .memory, stack: .threeDeep, child: .product("authcache"))
  }

  @Test(arguments: Requirement.all)
  func cachedBufferedMemory(_ requirement: Requirement) async throws {
    try await verify(requirement, on: .memory, stack: .cachedBuffered, child: .product("authcache"))
  }

  @Test(arguments: Requirement.all)
  func bufferedCachedMemory(_ requirement: Requirement) async throws {
    try await verify(requirement, on: .memory, stack: .bufferedCached, child: .product("authcache"))
  }

  @Test(arguments: Requirement.all)
  func threeDeepBufferedMemory(_ requirement: Requirement) async throws {
    try await verify(requirement, on: .memory, stack: .threeDeepBuffered, child: .product("authcache"))
  }

  /// What is about layers, over a server.
  @Test(.on(.postgres), arguments: Requirement.all.filter { [.cache, .buffer].contains($0.suite) })
  func threeDeepPostgres(_ requirement: Requirement) async throws {
    let url = try await ThrowawayServer.shared(.postgres).url
    try await verify(requirement, on: .postgres, stack: .threeDeep, url: url, child: .product("authcache"))
  }

  /// What writes: announcing is a part of the schema, and every write goes through it.
  private static let writing = Requirement.all.filter { requirement in
    let others: Set<Suite> = [.redemption, .rotation, .shutdown, .secrecy, .buffer, .invalidation, .cache]
    return !others.contains(requirement.suite)
  }

  @Test(arguments: writing)
  func announcingSQLite(_ requirement: Requirement) async throws {
    try await verify(requirement, on: .sqlite.announcing, child: .product("authcache"))
  }

  @Test(.on(.postgres), arguments: writing)
  func announcingPostgres(_ requirement: Requirement) async throws {
    let url = try await ThrowawayServer.shared(.postgres).url
    try await verify(requirement, on: .postgres.announcing, url: url, child: .product("authcache"))
  }

  @Test(.on(.mariadb), arguments: writing)
  func announcingMariaDB(_ requirement: Requirement) async throws {
    let url = try await ThrowawayServer.shared(.mariadb).url
    try await verify(requirement, on: .mysql.announcing, url: url, child: .product("authcache"))
  }

  @Test("the bundled registry names what this package ships")
  func registry() {
    #expect(BackendRegistry.bundled.names == ["memory", "sqlite", "mysql", "postgres"])
  }
}

extension Trait where Self == ConditionTrait {
  /// Skipped, visibly, where the server is not installed; a failure where it has to be.
  static func on(_ kind: ServerKind) -> ConditionTrait {
    .enabled(if: kind.canBeTested, Comment(rawValue: kind.whatIsMissing ?? ""))
  }
}
