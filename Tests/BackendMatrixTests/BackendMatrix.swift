import AuthCacheBundled
import AuthCacheConformance
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

  @Test("the bundled registry names what this package ships")
  func registry() {
    #expect(BackendRegistry.bundled.names == ["memory", "sqlite", "mysql", "postgres"])
  }
}
