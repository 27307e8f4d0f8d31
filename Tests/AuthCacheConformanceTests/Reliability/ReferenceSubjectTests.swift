import AuthCacheTesting
import Testing

@testable import AuthCacheConformance

@Suite struct ReferenceSubjectTests {
  @Test(arguments: OwnSuites.requirements)
  func memorySatisfies(_ requirement: Requirement) async throws {
    try await verify(requirement, on: .memory, child: OwnSuites.child)
  }

  @Test(arguments: OwnSuites.requirements)
  func aStoreInOneFileSatisfies(_ requirement: Requirement) async throws {
    try await verify(requirement, on: .journal, child: OwnSuites.child)
  }

  @Test(arguments: Requirement.all)
  func aStoreThatKeepsItsIndexesByHandSatisfies(_ requirement: Requirement) async throws {
    try await verify(requirement, on: .indexed(), child: OwnSuites.child)
  }

  @Test(arguments: Requirement.invalidation)
  func aStoreInOneFileThatAnnouncesSatisfies(_ requirement: Requirement) async throws {
    try await verify(requirement, on: .announcingJournal, child: OwnSuites.child)
  }

  @Test(arguments: Requirement.cache)
  func theBundledCacheSatisfies(_ requirement: Requirement) async throws {
    try await verify(requirement, on: .memory, stack: .cached)
  }

  /// Nothing in the chapter is peculiar to the bundled one.
  @Test(arguments: Requirement.cache)
  func aCacheOfOnesOwnSatisfies(_ requirement: Requirement) async throws {
    try await verify(requirement, on: .memoryWithItsOwnCache)
  }
}
