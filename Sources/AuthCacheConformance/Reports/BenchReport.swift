/// What a benchmark came to: each case as a ratio of two sides that took turns in one run.
public struct BenchReport: Sendable, Codable {
  public var format = 1
  public var kit = Report.kitVersion
  public var seed: String
  public var started: String
  public var seconds: Double
  /// A build for debugging says nothing about speed.
  public var isOptimised: Bool
  public var platform: Report.Platform
  public var cases: [Case]
  /// What the cases that compare hit ratios rest on.
  public var hitRatios: [HitRatio]?
  /// What another store reaches on this machine, for comparison only.
  public var beside: Beside?

  /// Figures of another store, taken by its own load generator.
  public struct Beside: Sendable, Codable, Hashable {
    /// `Redis 7.0.15, redis-benchmark, nothing durable`.
    public var name: String
    public var figures: [Figure]

    public init(name: String, figures: [Figure]) {
      self.name = name
      self.figures = figures
    }

    public struct Figure: Sendable, Codable, Hashable {
      public var operation: String
      /// The time of one operation, in nanoseconds, all clients together.
      public var time: Double

      public init(_ operation: String, time: Double) {
        self.operation = operation
        self.time = time
      }
    }
  }

  public struct Case: Sendable, Codable, Hashable {
    public var name: String
    public var backend: String
    /// What the other side is.
    public var against: String
    /// Median time of one operation, in nanoseconds, or whatever else is the ``unit``.
    public var measured: Double
    /// The same of the other side.
    public var raw: Double
    /// The median of the ratios of all rounds; of percentages the difference, in points.
    public var ratio: Double
    /// The smallest and the largest ratio of a round, or difference on a trace.
    public var spread: [Double]
    /// The limit, and whether the ratio, or difference, must lie below or above it.
    public var target: Double
    public var isUpperLimit: Bool
    /// What both sides are measured in; nanoseconds if left out.
    public var unit: Unit?
    /// What else was found.
    public var note: String?

    public enum Unit: String, Sendable, Codable, Hashable {
      case nanoseconds, bytes, percent
    }

    public var isMet: Bool { isUpperLimit ? ratio <= target : ratio >= target }

    /// - Parameters:
    ///   - measured: The time of one operation in each round, in nanoseconds.
    ///   - raw: The same of the other side.
    ///   - isUpperLimit: True for a ratio of times, or sizes, that must stay below the target, false for a ratio of throughputs
    ///     that must reach it.
    public init(
      _ name: String, backend: String, against: String, measured: [Double], raw: [Double], target: Double,
      isUpperLimit: Bool
    ) {
      self.name = name
      self.backend = backend
      self.against = against
      self.measured = Self.median(measured)
      self.raw = Self.median(raw)
      let ratios = zip(measured, raw).map { isUpperLimit ? $0 / $1 : $1 / $0 }
      ratio = Self.median(ratios)
      spread = [ratios.min() ?? 0, ratios.max() ?? 0]
      self.target = target
      self.isUpperLimit = isUpperLimit
    }

    /// A case whose two sides are percentages, and whose difference in points must reach the target. The same in every
    /// run.
    public init(
      _ name: String, against: String, percent measured: Double, other: Double, differences: [Double], target: Double
    ) {
      self.name = name
      backend = "memory"
      self.against = against
      self.measured = measured
      raw = other
      ratio = measured - other
      spread = [differences.min() ?? 0, differences.max() ?? 0]
      self.target = target
      isUpperLimit = false
      unit = .percent
    }

    private static func median(_ values: [Double]) -> Double {
      let sorted = values.sorted()
      guard !sorted.isEmpty else { return 0 }
      return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
  }

  public init(
    seed: UInt64, started: String, seconds: Double, isOptimised: Bool, cases: [Case], hitRatios: [HitRatio]? = nil,
    beside: Beside? = nil
  ) {
    self.seed = String(seed)
    self.started = started
    self.seconds = (seconds * 1_000).rounded() / 1_000
    self.isOptimised = isOptimised
    platform = .current
    self.cases = cases
    self.hitRatios = hitRatios
    self.beside = beside
  }
}
