import AuthCache
import AuthCacheConformance
import Foundation
import Synchronization
import Testing

@testable import AuthCacheTesting

@Suite struct TestReportTests {
  private static let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("authcache-report-\(ProcessInfo.processInfo.processIdentifier)")

  private static func requirement(_ needs: [Need] = [], check: @escaping Requirement.Check) -> Requirement {
    Requirement(
      "verify.report.probe", .lifecycle, "The report is under test.", consequence: "None.", likelyCause: "The test.",
      needs: needs, check: check)
  }

  @Test func theReportOfATestProcessHoldsSkipsAndFailuresInEveryFormat() async throws {
    let run = TestRun(Settings(["AUTHCACHE_SEED": "42"]))
    _ = await run.result(of: Self.requirement { _ in }, on: Subject(.memory), child: nil)
    _ = await run.result(of: Self.requirement([.shared]) { _ in }, on: Subject(.memory), child: nil)
    _ = await run.result(of: Self.requirement { $0.fail("broken") }, on: Subject(.journal), child: nil)
    let report = run.report
    #expect(report.seed == "42")
    #expect(report.total("passed") == 1)
    #expect(report.total("notDeclared") == 1)
    #expect(report.total("failed") == 1)
    #expect(report.subjects.map(\.backend) == ["memory", "journal"])

    defer { try? FileManager.default.removeItem(at: Self.folder) }
    try run.write(report, into: Self.folder)
    for format in ReportFormat.allCases {
      let text = try String(contentsOf: Self.folder.appendingPathComponent(format.fileName), encoding: .utf8)
      #expect(text.contains("verify.report.probe"), "\(format.fileName)")
    }
  }

  @Test func aSubjectIsInspectedOnceHoweverManyCasesAskForIt() async throws {
    let opened = Counter()
    let factory = BackendFactory("counted") { environment in
      opened.increment()
      return MemoryBackend(clock: environment.clock)
    }
    let run = TestRun(Settings([:]))
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<50 {
        group.addTask { _ = await run.result(of: Self.requirement { _ in }, on: Subject(factory), child: nil) }
      }
    }
    #expect(opened.value == 1)
  }

  @Test func theSameSeedGivesTheSameRandomness() async throws {
    let drawn = Drawn()
    for _ in 0..<2 {
      let run = TestRun(Settings(["AUTHCACHE_SEED": "7"]))
      _ = await run.result(of: Self.requirement { drawn.add($0.entropy.next()) }, on: Subject(.memory), child: nil)
    }
    #expect(drawn.values.count == 2)
    #expect(drawn.values.first == drawn.values.last)
  }

  @Test func theVariablesAreReadAsTheyAreDocumented() throws {
    let settings = Settings([
      "AUTHCACHE_SEED": "9", "AUTHCACHE_ONLY": "code.consume.once", "AUTHCACHE_ALLOW_BLOCKED": "1",
      "AUTHCACHE_MY_STORE_URL": "mystore://here",
    ])
    #expect(settings.seed == 9)
    #expect(settings.only == "code.consume.once")
    #expect(settings.allowsBlocked)
    let addressed = BackendFactory("my-store", schemes: ["mystore"]) { _ in throw Blocked("not opened") }
    #expect(settings.url(of: addressed) == "mystore://here")
    #expect(settings.url(of: .memory) == nil)
  }
}

private final class Counter: Sendable {
  private let count = Atomic(0)
  var value: Int { count.load(ordering: .relaxed) }
  func increment() { count.add(1, ordering: .relaxed) }
}

private final class Drawn: Sendable {
  private let drawn = Mutex<[UInt64]>([])
  var values: [UInt64] { drawn.withLock { $0 } }
  func add(_ value: UInt64) { drawn.withLock { $0.append(value) } }
}
