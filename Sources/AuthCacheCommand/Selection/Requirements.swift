internal import AuthCacheConformance

/// Which requirements are meant: those of the named suites and those named one by one; all where nothing is named.
struct RequirementChoice {
  var suites: [String] = []
  var ids: [String] = []

  func requirements() throws -> [Requirement] {
    try Names("suite", Suite.allCases.map(\.rawValue)).check(suites)
    try Self.names.check(ids)
    if suites.isEmpty, ids.isEmpty { return Requirement.all }
    return Requirement.all.filter { suites.contains($0.suite.rawValue) || ids.contains($0.id) }
  }

  static var names: Names {
    Names(
      "requirement", Requirement.all.map(\.id),
      source: "“\(Invocation.current.name) contract” lists all \(Requirement.all.count).")
  }
}
