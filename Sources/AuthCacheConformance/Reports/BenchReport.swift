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
    /// Median time of one operation, in nanoseconds.
    public var measured: Double
    /// The same of the other side.
    public var raw: Double
    /// The median of the ratios of all rounds.
    public var ratio: Double
    /// The smallest and the largest ratio of a round.
    public var spread: [Double]
    /// The limit, and whether the ratio must lie below or above it.
    public var target: Double
    public var isUpperLimit: Bool
    /// What both sides are measured in; nanoseconds if left out.
    public var unit: Unit?
    /// What else was found.
    public var note: String?

    public enum Unit: String, Sendable, Codable, Hashable {
      case nanoseconds, bytes
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

    /// `value`, which is of one of the sides, in the unit of this case.
    func shown(_ value: Double) -> String {
      unit == .bytes ? "\(Int(value.rounded())) B" : BenchReport.time(value)
    }

    private static func median(_ values: [Double]) -> Double {
      let sorted = values.sorted()
      guard !sorted.isEmpty else { return 0 }
      return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
  }

  public init(
    seed: UInt64, started: String, seconds: Double, isOptimised: Bool, cases: [Case], beside: Beside? = nil
  ) {
    self.seed = String(seed)
    self.started = started
    self.seconds = (seconds * 1_000).rounded() / 1_000
    self.isOptimised = isOptimised
    platform = .current
    self.cases = cases
    self.beside = beside
  }
}

extension BenchReport {
  private static let heads = ["case", "backend", "measured", "other side", "ratio", "spread", "target", ""]

  private func row(_ item: Case) -> [String] {
    [
      item.name, item.backend, item.shown(item.measured), item.shown(item.raw), Self.ratio(item.ratio),
      item.spread.map(Self.ratio).joined(separator: "–"), (item.isUpperLimit ? "≤ " : "≥ ") + Self.ratio(item.target),
      item.isMet ? "met" : "not met",
    ]
  }

  private var sentence: String {
    "\(cases.count { $0.isMet }) of \(cases.count) targets met, seed \(seed), \(Report.time(seconds))."
  }

  private var warning: String? { isOptimised ? nil : "Built for debugging: these figures say nothing." }

  /// The report for people.
  public func text(style: TextStyle = .plain) -> String {
    var table = TextTable()
    table.add(Self.heads)
    table.rule()
    for item in cases { table.add(row(item)) }
    let last = Self.heads.count - 1
    var text = table.text { cell, number, column in
      guard number > 0 else { return style.faint(cell) }
      return column < last ? cell : cells(cell, met: cases[number - 1].isMet, style)
    }
    if cases.isEmpty { text = "" } else { text += "\nThe other side:\n" }
    for item in cases { text += "  \(item.name): \(item.against)\(item.note.map { "; \($0)" } ?? "")\n" }
    if let beside {
      text += (cases.isEmpty ? "" : "\nBeside them: ") + "\(beside.name)\n"
      for figure in beside.figures { text += "  \(figure.operation): \(Self.time(figure.time))\n" }
    }
    if let warning { text += "\n" + style.red(warning) + "\n" }
    return text + "\n" + sentence + "\n"
  }

  private func cells(_ cell: String, met: Bool, _ style: TextStyle) -> String {
    met ? style.green(cell) : style.red(cell)
  }

  public var json: String {
    var others: [JSONText] = []
    if let beside {
      others = beside.figures.map { ["operation": .string($0.operation), "time": .number($0.time)] }
    }
    let document: JSONText = [
      "format": .integer(format), "kit": .string(kit), "seed": .string(seed), "started": .string(started),
      "seconds": .number(seconds), "isOptimised": .bool(isOptimised),
      "platform": [
        "swift": .string(platform.swift), "os": .string(platform.os), "cores": .integer(platform.cores),
      ],
      "cases": .array(
        cases.map { item in
          [
            "name": .string(item.name), "backend": .string(item.backend), "against": .string(item.against),
            "measured": .number(item.measured), "raw": .number(item.raw), "ratio": .number(item.ratio),
            "spread": .array(item.spread.map { .number($0) }), "target": .number(item.target),
            "isUpperLimit": .bool(item.isUpperLimit), "isMet": .bool(item.isMet),
            "unit": .string((item.unit ?? .nanoseconds).rawValue), "note": item.note.map { .string($0) } ?? .null,
          ]
        }),
      "beside": beside.map { ["name": .string($0.name), "figures": .array(others)] } ?? .null,
    ]
    return document.document
  }

  /// The report as one self-contained page.
  public var html: String {
    let rows = cases.map { item in
      let cells = row(item).dropLast().dropFirst().map { "<td>\(XML.escaped($0))</td>" }.joined()
      let mark = "<span class=\"chip \(item.isMet ? "good" : "bad")\">\(item.isMet ? "met" : "not met")</span>"
      return
        "<tr><th scope=\"row\">\(XML.escaped(item.name))<br><span class=\"quiet\">\(XML.escaped(item.against))</span></th>"
        + "\(cells)<td>\(mark)</td></tr>"
    }
    let body = """
      <header><h1>Benchmark</h1>
      <p>\(XML.escaped(sentence)) \(XML.escaped("\(platform.os), Swift \(platform.swift), \(platform.cores) cores"))</p>
      \(warning.map { "<p class=\"verdict bad\">\(XML.escaped($0))</p>" } ?? "")
      </header>
      <main>
      <div class="scroll" tabindex="0" role="region" aria-label="Cases">
      <table><thead><tr>\(Self.heads.map { "<th scope=\"col\">\($0)</th>" }.joined())</tr></thead>
      <tbody>\(rows.joined(separator: "\n"))</tbody></table>
      </div>
      \(beside.map(Self.html) ?? "")
      <p class="quiet">The two sides took turns; each figure is a median over the rounds.</p>
      </main>
      """
    return HTMLPage(title: "Benchmark", body: body).document
  }

  private static func html(_ beside: Beside) -> String {
    let figures = beside.figures.map { "<li>\(XML.escaped($0.operation)): \(time($0.time))</li>" }.joined()
    return "<h2>Beside them: \(XML.escaped(beside.name))</h2>\n<ul>\(figures)</ul>"
  }

  private static func ratio(_ value: Double) -> String { fixed(value, value < 10 ? 2 : 1) + "×" }

  private static func time(_ nanoseconds: Double) -> String {
    if nanoseconds < 1_000 { return fixed(nanoseconds, 0) + " ns" }
    if nanoseconds < 1_000_000 { return fixed(nanoseconds / 1_000, 1) + " µs" }
    return fixed(nanoseconds / 1_000_000, 1) + " ms"
  }

  private static func fixed(_ value: Double, _ places: Int) -> String {
    guard value.isFinite, value.magnitude < 1e12 else { return "–" }
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    let whole = Int((value * Double(scale)).rounded())
    if places == 0 { return "\(whole)" }
    let fraction = String(whole % scale)
    return "\(whole / scale)." + String(repeating: "0", count: places - fraction.count) + fraction
  }
}
