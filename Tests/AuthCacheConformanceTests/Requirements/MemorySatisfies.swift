import AuthCacheConformance
import Testing

@Suite struct MemorySatisfies {
  @Test("the memory backend satisfies every requirement that binds it")
  func everyRequirement() async {
    let report = await Runner(seed: 1).run([Subject(.memory)])
    for result in report.subjects.flatMap(\.results) where result.outcome == "failed" || result.outcome == "blocked" {
      Issue.record("\(result.id): \(result.reason ?? "") \(result.findings)")
    }
    #expect(report.verdict == .passed)
    #expect(report.total("passed") > 50)
  }

  @Test("requirement ids are unique and read subject, operation, rule")
  func ids() throws {
    let ids = Requirement.all.map(\.id)
    #expect(Set(ids).count == ids.count)
    for id in ids { #expect(try /[a-z][A-Za-z]*\.[a-z][A-Za-z]*\.[a-z][A-Za-z]*/.wholeMatch(in: id) != nil, "\(id)") }
  }
}
