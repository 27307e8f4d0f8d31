import AuthCacheConformance
import Foundation
import Testing

@Suite struct MutantTests {
  @Test(arguments: OwnSuites.mutants.map(\.name))
  func theRequirementThatAMutantIsBoundToCatchesIt(_ name: String) async throws {
    let mutant = try #require(OwnSuites.mutants.first { $0.name == name })
    let requirement = try #require(OwnSuites.requirements.first { $0.id == mutant.boundTo })
    let result = await Runner(seed: 1, children: OwnSuites.child).result(of: requirement, on: Subject(mutant.factory))
    #expect(result.outcome.name == "failed", "\(result.outcome)")
  }

  @Test func everyRequirementIsSeenFailing() {
    let unproven = Set(OwnSuites.requirements.map(\.id)).subtracting(OwnSuites.mutants.map(\.boundTo))
    #expect(unproven.isEmpty)
  }

  /// Minutes long, and part of the kill matrix: run by hand, `AUTHCACHE_CROSS=1`.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["AUTHCACHE_CROSS"] != nil))
  func aMutantBreaksWhatItDeclaresAndNothingElse() async throws {
    for mutant in OwnSuites.mutants {
      let runner = Runner(requirements: OwnSuites.requirements, seed: 1, children: OwnSuites.child)
      let report = await runner.run([Subject(mutant.factory)])
      for result in report.subjects[0].results
      where result.outcome == "failed" && result.id != mutant.boundTo && !mutant.alsoBreaks.contains(result.id) {
        Issue.record("\(mutant.name) also breaks \(result.id): \(result.findings.first?.message ?? "")")
      }
    }
  }
}
