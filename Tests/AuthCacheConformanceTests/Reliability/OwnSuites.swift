@testable import AuthCacheConformance

/// The chapters that the tests beside this file are about.
enum OwnSuites {
  static let requirements: [Requirement] = Requirement.reliability
  static let mutants: [Mutant] = Mutant.reliability

  static let child = ChildLauncher.product("authcache")
}
