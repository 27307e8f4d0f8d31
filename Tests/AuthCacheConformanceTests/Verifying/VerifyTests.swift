import AuthCacheConformance
import AuthCacheTesting
import Testing

@Suite struct VerifyTests {
  private static let promise = Requirement.all[0]

  private static func probe(_ needs: [Need] = [], check: @escaping Requirement.Check) -> Requirement {
    Requirement(
      "verify.adapter.probe", .lifecycle, "The adapter is under test.", consequence: "None.",
      likelyCause: "The test.", needs: needs, check: check)
  }

  @Test func whatIsKeptPasses() async throws { try await verify(Self.promise, on: .memory) }

  @Test func aBreachFailsTheTestAndTeaches() async throws {
    try await withKnownIssue {
      try await verify(
        Self.probe { $0.fail("the sky is green", expected: "blue", found: "green") }, on: .memory)
    } matching: { issue in
      let text = issue.comments.map(\.rawValue).joined()
      return [
        "verify.adapter.probe on memory", "the sky is green", "blue", "green", "AUTHCACHE_SEED=",
        "AUTHCACHE_ONLY=verify.adapter.probe swift test --filter 'AuthCacheConformanceTests.VerifyTests/aBreach",
      ]
      .allSatisfy(text.contains)
    }
  }

  @Test func aBackendThatCanNotBeOpenedIsBlockedAndFailsTheTest() async throws {
    let absent = BackendFactory("absent") { _ in throw Blocked("no server answers") }
    try await withKnownIssue {
      try await verify(Self.promise, on: absent)
    } matching: { issue in
      issue.comments.contains { $0.rawValue.contains("no server answers") }
    }
  }

  @Test func whatIsNotDeclaredCancelsTheCaseWithItsReason() async throws {
    try await verify(Self.probe([.shared]) { _ in }, on: .memory)
    Issue.record("a case that is not declared goes on")
  }

  @Test(arguments: 0..<2_000)
  func thousandsOfCasesPassOneGate(_ number: Int) async throws {
    try await verify(Self.promise, on: .memory)
  }

  @Test func aBreachAmongManyCasesIsNotLost() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<200 {
        group.addTask {
          try await withKnownIssue(isIntermittent: number != 77) {
            try await verify(Self.probe { if number == 77 { $0.fail("lost") } }, on: .memory)
          } matching: { _ in
            number == 77
          }
        }
      }
      try await group.waitForAll()
    }
  }
}
