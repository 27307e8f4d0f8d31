import AuthCacheConformance
import Testing

@Suite struct MutantsAreCaught {
  @Test("each mutant is caught by the requirement that it is bound to", arguments: Mutant.all.map(\.name))
  func caught(_ name: String) async throws {
    let mutant = try #require(Mutant.all.first { $0.name == name })
    let bound = try #require(Requirement.all.first { $0.id == mutant.boundTo })
    let report = await Runner(requirements: [bound], seed: 3, children: .product("authcache")).run([
      Subject(mutant.factory)
    ])
    #expect(report.subjects[0].results[0].outcome == "failed", "\(report.subjects[0].results[0].reason ?? "")")
  }

  @Test("names are told apart")
  func names() { #expect(Set(Mutant.all.map(\.name)).count == Mutant.all.count) }
}
