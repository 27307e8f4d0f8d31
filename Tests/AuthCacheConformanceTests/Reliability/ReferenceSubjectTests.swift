import AuthCacheConformance
import AuthCacheTesting
import Testing

@Suite struct ReferenceSubjectTests {
  @Test(arguments: OwnSuites.requirements)
  func memorySatisfies(_ requirement: Requirement) async throws {
    try await verify(requirement, on: .memory, child: OwnSuites.child)
  }

  @Test(arguments: OwnSuites.requirements)
  func aStoreInOneFileSatisfies(_ requirement: Requirement) async throws {
    try await verify(requirement, on: .journal, child: OwnSuites.child)
  }
}
