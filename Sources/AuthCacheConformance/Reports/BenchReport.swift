/// What a benchmark came to: each case as a ratio of two sides that took turns in one run.
public struct BenchReport: Sendable, Codable {
  /// The version of the form that is written as JSON.
  public var format = 1
  /// The version of the kit.
  public var kit = Report.kitVersion
  /// What the data followed from.
  public var seed: String
  /// When it began, in ISO 8601.
  public var started: String
  /// How long it took, in seconds.
  public var seconds: Double
  /// A build for debugging says nothing about speed.
  public var isOptimised: Bool
  /// Where it ran.
  public var platform: Report.Platform
  /// What was measured, in order.
  public var cases: [Case]
  /// What the cases that compare hit ratios rest on.
  public var hitRatios: [HitRatio]?
  /// What another store reaches on this machine, for comparison only.
  public var beside: Beside?

  /// Figures of another store, taken by its own load generator.
  public struct Beside: Sendable, Codable, Hashable {
    /// `Redis 7.0.15, redis-benchmark, nothing durable`.
    public var name: String
    /// One for each operation.
    public var figures: [Figure]

    /// Figures of the store and load generator of that name.
    public init(name: String, figures: [Figure]) {
      self.name = name
      self.figures = figures
    }

    /// What one operation takes.
    public struct Figure: Sendable, Codable, Hashable {
      /// What was done.
      public var operation: String
      /// The time of one operation, in nanoseconds, all clients together.
      public var time: Double

      /// What `operation` takes, in nanoseconds.
      public init(_ operation: String, time: Double) {
        self.operation = operation
        self.time = time
      }
    }
  }

  /// One ratio, or one difference of percentages, and what it has to reach.
  public struct Case: Sendable, Codable, Hashable {
    /// What it is called after `--only`, as a rule.
    public var name: String
    /// The backend it is about.
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
    /// Whether the ratio has to lie below the target.
    public var isUpperLimit: Bool
    /// What both sides are measured in; nanoseconds if left out.
    public var unit: Unit?
    /// What else was found.
    public var note: String?

    /// What the two sides are measured in.
    public enum Unit: String, Sendable, Codable, Hashable {
      /// The time of one operation.
      case nanoseconds
      /// The size of one record.
      case bytes
      /// A share of all requests. Compared by difference, not by ratio.
      case percent
    }

    /// Whether the target is reached.
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

  /// A report of a run that has ended, on this machine.
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
