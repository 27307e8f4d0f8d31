internal import AuthCacheConformance

extension Benchmark {
  /// How often the cache has what is asked for.
  static let hitRatio: [Benchmark] = [
    Benchmark(name: "cache-hit-ratio", backend: "memory") { scale in
      var traces = try scale.traces.map { try AccessTrace.all(in: $0) } ?? []
      let generated = generatedTraces(scale)
      // A recorded loop is the same as a generated one.
      traces.append(contentsOf: generated.filter { trace in !traces.contains { $0.name == trace.name } })
      var ratios: [HitRatio] = []
      for trace in traces { ratios += try await HitRatio.measured(on: trace) }
      return Finding(cases: BenchReport.Case.verdicts(on: ratios), hitRatios: ratios)
    }
  ]

  /// Caffeine's figures are known at the full length only. The last three are ours: what is recent counts, what is popular
  /// changes, somebody reads everything.
  private static func generatedTraces(_ scale: BenchmarkScale) -> [AccessTrace] {
    let million = scale.count(1_000_000)
    return [
      .zipf(0.9, keys: 100_000, requests: million, seed: scale.seed),
      .zipf(1.0, keys: 100_000, requests: million, seed: scale.seed &+ 1),
      .zipf(1.1, keys: 100_000, requests: million, seed: scale.seed &+ 2),
      .loop(keys: 1_011, requests: scale.isQuick ? 101_100 : 505_500),
      .recent(requests: 500_000, seed: scale.seed),
      .drifting(keys: 20_000, requests: 500_000, period: 50_000, seed: scale.seed),
      .scanned(keys: 20_000, requests: 500_000, seed: scale.seed),
    ]
  }
}
