import AuthCacheConformance
import AuthCacheTesting
import Testing

@testable import conformance

@Suite struct FolderConformance {
  @Test(arguments: Requirement.all)
  func satisfies(_ requirement: Requirement) async throws {
    try await verify(requirement, on: .folder, child: .product("conformance"))
  }
}
