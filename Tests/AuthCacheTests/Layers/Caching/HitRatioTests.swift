import AuthCache
import AuthCacheConformance
import Foundation
import Testing

/// The cache's hit ratios beside Caffeine's and LRU's. They come to the same in every run.
@Suite(.serialized) struct HitRatioTests {
  @Test func `On recorded traces the mean is above Caffeine's, and none far below it or LRU`() async throws {
    var ratios: [HitRatio] = []
    for trace in try AccessTrace.all(in: Self.fixtures) { ratios += try await HitRatio.measured(on: trace) }
    #expect(ratios.count == 4 && ratios.allSatisfy { $0.caffeine != nil }, "a trace is not what it was")
    let verdicts = BenchReport.Case.verdicts(on: ratios)
    #expect(verdicts.count == 3)
    for verdict in verdicts { #expect(verdict.isMet, "\(verdict.name): \(verdict.ratio) points to \(verdict.against)") }
  }

  @Test(arguments: [0.9, 1.0, 1.1])
  func `On skewed reads the cache is above LRU`(_ skew: Double) async throws {
    let trace = AccessTrace.zipf(skew, keys: 100_000, requests: 40_000, seed: 7)
    let ratio = try #require(try await HitRatio.measured(on: trace).first)
    #expect(ratio.cache > ratio.leastRecentlyUsed + 2, "\(ratio)")
  }

  @Test func `On a million skewed reads the cache is above Caffeine`() async throws {
    let trace = AccessTrace.zipf(1.0, keys: 100_000, requests: 1_000_000, seed: 7)
    let caffeine = try #require(CaffeineFigures.figures(of: trace)[1_000])
    #expect(try await trace.hitRatio(of: .tinyLFU, capacity: 1_000) > caffeine)
  }

  @Test func `A trace that is not the one that was measured is not compared with what was`() async throws {
    let ratios = try await HitRatio.measured(on: AccessTrace(name: "gli", keys: [1, 2, 1]), capacities: [2])
    let third = 100.0 / 3
    #expect(ratios == [HitRatio(trace: "gli", requests: 3, capacity: 2, cache: third, leastRecentlyUsed: third)])
    #expect(BenchReport.Case.verdicts(on: ratios).map(\.name) == ["cache-hit-ratio-lru"])
  }

  @Test func `A ratio a point and a bit below Caffeine's is not enough, even if the mean is above`() {
    let ratios = [
      HitRatio(trace: "a", requests: 1, capacity: 10, cache: 38.9, leastRecentlyUsed: 20, caffeine: 40),
      HitRatio(trace: "b", requests: 1, capacity: 10, cache: 50, leastRecentlyUsed: 52.1, caffeine: 40),
    ]
    let verdicts = BenchReport.Case.verdicts(on: ratios)
    #expect(verdicts.map(\.isMet) == [true, false, false])
    #expect(verdicts[1].against.contains("a, room for 10") && verdicts[2].against.contains("b, room for 10"))
  }

  /// `AUTHCACHE_TRACES=<folder>`: all traces there, and the generated ones at full length.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["AUTHCACHE_TRACES"] != nil))
  func `On all traces the mean is above Caffeine's, and none far below it or LRU`() async throws {
    let folder = URL(fileURLWithPath: ProcessInfo.processInfo.environment["AUTHCACHE_TRACES"] ?? "")
    var traces = try AccessTrace.all(in: folder)
    for skew in [0.9, 1.0, 1.1] {
      traces.append(.zipf(skew, keys: 100_000, requests: 1_000_000, seed: UInt64(skew * 10)))
    }
    var ratios: [HitRatio] = []
    for trace in traces { ratios += try await HitRatio.measured(on: trace) }
    for ratio in ratios { print(ratio) }
    for verdict in BenchReport.Case.verdicts(on: ratios) {
      #expect(verdict.isMet, "\(verdict.name): \(verdict.ratio) points to \(verdict.against)")
    }
  }

  private static var fixtures: URL {
    URL(fileURLWithPath: #filePath.split(separator: "/").dropLast(5).reduce("") { "\($0)/\($1)" })
      .appendingPathComponent("Fixtures/Traces")
  }
}
