/// What Caffeine reaches on traces that are known, in per cent.
///
/// Measured once on these very traces with Caffeine's development head of 2026 (`maximumSize`, a miss followed by a put),
/// to one decimal. OLTP: Megiddo, Modha: ARC, FAST 2003. gli, loop, multi1, 2_pools: Jiang, Zhang: LIRS, SIGMETRICS 2002.
/// web07: the benchmarks of cache2k. Zipf: over 100,000 keys, so drawn here with another seed; that moves a figure by less
/// than 0.1.
package struct CaffeineFigures {
  private struct Known {
    let name: String
    let requests: Int
    let figures: [Int: Double]
  }

  private static let known = [
    Known(name: "OLTP", requests: 914_145, figures: [250: 24.0, 1_000: 39.8, 5_000: 55.6]),
    Known(name: "gli", requests: 6_015, figures: [500: 32.2, 1_000: 50.8]),
    Known(name: "loop", requests: 505_500, figures: [256: 22.6, 512: 48.9]),
    Known(name: "multi1", requests: 15_858, figures: [500: 54.4, 1_000: 68.3]),
    Known(name: "2_pools", requests: 100_000, figures: [100: 48.2, 450: 51.7]),
    Known(name: "web07", requests: 76_118, figures: [1_000: 49.4, 5_000: 63.5]),
    Known(name: "zipf 0.9", requests: 1_000_000, figures: [1_000: 44.1]),
    Known(name: "zipf 1.0", requests: 1_000_000, figures: [1_000: 59.6]),
    Known(name: "zipf 1.1", requests: 1_000_000, figures: [1_000: 73.0]),
  ]

  /// By capacity; empty for a trace that is not known, or not whole.
  package static func figures(of trace: AccessTrace) -> [Int: Double] {
    known.first { $0.name == trace.name && $0.requests == trace.keys.count }?.figures ?? [:]
  }
}
