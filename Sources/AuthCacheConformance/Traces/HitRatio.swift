internal import AuthCache

/// How often caches have what is asked for on one trace, with room for so many records: in per cent of the requests.
public struct HitRatio: Sendable, Codable, Hashable {
  /// The name of the trace.
  public var trace: String
  /// How many requests it has.
  public var requests: Int
  /// How many records there was room for.
  public var capacity: Int
  /// The cache of this package with its default policy.
  public var cache: Double
  /// The same cache, evicting what was not read for the longest time.
  public var leastRecentlyUsed: Double
  /// Caffeine, where its figure on this trace is known.
  public var caffeine: Double?

  /// What was measured; see the properties.
  public init(
    trace: String, requests: Int, capacity: Int, cache: Double, leastRecentlyUsed: Double, caffeine: Double? = nil
  ) {
    self.trace = trace
    self.requests = requests
    self.capacity = capacity
    self.cache = cache
    self.leastRecentlyUsed = leastRecentlyUsed
    self.caffeine = caffeine
  }

  /// `loop, room for 256`.
  var title: String { "\(trace), room for \(capacity)" }

  /// What is found on `trace`, at the capacities at which Caffeine's figures are known, else at those given.
  package static func measured(on trace: AccessTrace, capacities: [Int] = [1_000]) async throws -> [HitRatio] {
    let known = CaffeineFigures.figures(of: trace)
    var ratios: [HitRatio] = []
    for capacity in known.isEmpty ? capacities : known.keys.sorted() {
      try Task.checkCancellation()
      ratios.append(
        HitRatio(
          trace: trace.name, requests: trace.keys.count, capacity: capacity,
          cache: try await trace.hitRatio(of: .tinyLFU, capacity: capacity),
          leastRecentlyUsed: try await trace.hitRatio(of: .leastRecentlyUsed, capacity: capacity),
          caffeine: known[capacity]))
    }
    return ratios
  }
}

/// A cache beside another.
private struct HitRatioPair {
  let ratio: HitRatio
  let other: Double

  init(_ ratio: HitRatio, _ other: Double) { (self.ratio, self.other) = (ratio, other) }

  /// In points.
  var difference: Double { ratio.cache - other }
}

extension BenchReport.Case {
  /// What ratios say of the cache: against Caffeine on average and where it does worst, and against LRU where it does
  /// worst. A verdict for which there is nothing to compare with is left out.
  package static func verdicts(on ratios: [HitRatio]) -> [BenchReport.Case] {
    let known = ratios.compactMap { ratio in ratio.caffeine.map { HitRatioPair(ratio, $0) } }
    let all = ratios.map { HitRatioPair($0, $0.leastRecentlyUsed) }
    return [
      mean("cache-hit-ratio-mean", "Caffeine, the mean over \(known.count) pairs of trace and capacity", known),
      worst("cache-hit-ratio-worst", "Caffeine", known, target: -1),
      worst("cache-hit-ratio-lru", "the same cache with LRU", all, target: -2),
    ].compactMap { $0 }
  }

  private static func mean(_ name: String, _ against: String, _ pairs: [HitRatioPair]) -> BenchReport.Case? {
    guard !pairs.isEmpty else { return nil }
    let count = Double(pairs.count)
    return BenchReport.Case(
      name, against: against, percent: pairs.reduce(0) { $0 + $1.ratio.cache } / count,
      other: pairs.reduce(0) { $0 + $1.other } / count, differences: pairs.map { $0.difference }, target: 0)
  }

  private static func worst(
    _ name: String, _ other: String, _ pairs: [HitRatioPair], target: Double
  ) -> BenchReport.Case? {
    guard let worst = pairs.min(by: { $0.difference < $1.difference }) else { return nil }
    return BenchReport.Case(
      name, against: "\(other) where this one is worst beside it: \(worst.ratio.title)", percent: worst.ratio.cache,
      other: worst.other, differences: pairs.map { $0.difference }, target: target)
  }
}
