import AuthCacheConformance
import Foundation
import Testing

@Suite struct BenchTests {
  @Test("a case is measured as a ratio, reported as JSON, and decides nothing about the exit status")
  func measures() throws {
    let ending = try Program.run("bench", "--only", "session-by-token", "--quick", "--format", "json")
    #expect(ending.status == 0, "\(ending.errors)")
    let report = try JSONDecoder().decode(BenchReport.self, from: Data(ending.output.utf8))
    let found = try #require(report.cases.first)
    #expect(report.cases.count == 1)
    #expect(found.name == "session-by-token")
    #expect(found.measured > 0 && found.raw > 0)
    #expect(found.spread[0] <= found.ratio && found.ratio <= found.spread[1])
  }

  #if os(Linux)
  /// In a process of its own, where nothing else is allocated meanwhile.
  @Test("a cached session with two tokens takes at most 600 bytes beside its payload")
  func size() throws {
    let ending = try Program.run("bench", "--only", "cache-memory", "--quick", "--format", "json")
    #expect(ending.status == 0, "\(ending.errors)")
    let found = try #require(try JSONDecoder().decode(BenchReport.self, from: Data(ending.output.utf8)).cases.first)
    #expect(found.raw == 300)
    // Less would say that what was measured is no whole cache.
    #expect((300...600).contains(found.measured), "\(found.measured) bytes")
  }
  #endif

  @Test("an unknown case ends with 2 and names the cases")
  func unknown() throws {
    let ending = try Program.run("bench", "--only", "memory-hits")
    #expect(ending.status == 2)
    #expect(ending.errors.contains("memory-hit"))
    #expect(ending.errors.contains("sqlite-bulk-10000"))
  }

  @Test("a ratio of times must stay below its target, a ratio of throughputs must reach it")
  func ratios() {
    let times = BenchReport.Case(
      "a", backend: "memory", against: "b", measured: [20, 30, 40], raw: [10, 10, 10], target: 3, isUpperLimit: true)
    #expect(times.ratio == 3)
    #expect(times.spread == [2, 4])
    #expect(times.isMet)
    let throughputs = BenchReport.Case(
      "a", backend: "memory", against: "b", measured: [20], raw: [10], target: 0.8, isUpperLimit: false)
    #expect(throughputs.ratio == 0.5)
    #expect(!throughputs.isMet)
  }
}
