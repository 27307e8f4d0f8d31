import AuthCacheConformance
import Foundation
import Testing

@Suite struct MutantTests {
  /// Within ten seeds: a mistake that needs a race between processes does not show in every one.
  @Test(arguments: Mutant.all.map(\.name))
  func theRequirementThatAMutantIsBoundToCatchesIt(_ name: String) async throws {
    let mutant = try #require(Mutant.all.first { $0.name == name })
    let requirement = try #require(Requirement.all.first { $0.id == mutant.boundTo })
    let runner = Runner(seed: 1, repeats: 10, children: OwnSuites.child)
    let result = await runner.result(of: requirement, on: Subject(mutant.factory))
    #expect(result.outcome.name == "failed", "\(result.outcome)")
  }

  @Test func noTwoMutantsHaveOneName() { #expect(Set(Mutant.all.map(\.name)).count == Mutant.all.count) }

  @Test func everyRequirementIsSeenFailing() {
    let unproven = Set(Requirement.all.map(\.id)).subtracting(Mutant.all.map(\.boundTo))
    #expect(unproven.isEmpty)
  }

  /// Minutes long, and part of the kill matrix: run by hand, `AUTHCACHE_CROSS=1`.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["AUTHCACHE_CROSS"] != nil))
  func aMutantBreaksWhatItDeclaresAndNothingElse() async throws {
    for mutant in OwnSuites.mutants {
      let runner = Runner(requirements: Requirement.all, seed: 1, children: OwnSuites.child)
      let report = await runner.run([Subject(mutant.factory)])
      for result in report.subjects[0].results
      where result.outcome == "failed" && result.id != mutant.boundTo && !mutant.alsoBreaks.contains(result.id) {
        Issue.record("\(mutant.name) also breaks \(result.id): \(result.findings.first?.message ?? "")")
      }
    }
  }
}
