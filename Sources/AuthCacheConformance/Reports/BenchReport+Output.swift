extension BenchReport.Case {
  /// `value`, which is of one of the sides, in the unit of this case.
  fileprivate func shown(_ value: Double) -> String {
    switch unit ?? .nanoseconds {
    case .nanoseconds: BenchReport.time(value)
    case .bytes: "\(Int(value.rounded())) B"
    case .percent: BenchReport.fixed(value, 1) + " %"
    }
  }

  /// `value`, which compares both.
  fileprivate func compared(_ value: Double) -> String {
    unit == .percent ? BenchReport.points(value) : BenchReport.ratio(value)
  }
}

extension BenchReport {
  private static let heads = ["case", "backend", "measured", "other side", "ratio", "spread", "target", ""]

  private func row(_ item: Case) -> [String] {
    [
      item.name, item.backend, item.shown(item.measured), item.shown(item.raw), item.compared(item.ratio),
      item.spread.map(item.compared).joined(separator: item.unit == .percent ? " to " : "–"),
      (item.isUpperLimit ? "≤ " : "≥ ") + item.compared(item.target), item.isMet ? "met" : "not met",
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
    text += hitRatioText
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

  /// The report as JSON, version ``format``.
  public var json: String {
    var others: [JSONText] = []
    if let beside {
      others = beside.figures.map { ["operation": .string($0.operation), "time": .number($0.time)] }
    }
    let ratios: [JSONText] = (hitRatios ?? []).map { item in
      [
        "trace": .string(item.trace), "requests": .integer(item.requests), "capacity": .integer(item.capacity),
        "cache": .number(item.cache), "leastRecentlyUsed": .number(item.leastRecentlyUsed),
        "caffeine": item.caffeine.map { .number($0) } ?? .null,
      ]
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
      "hitRatios": .array(ratios),
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
      \(hitRatioHTML)
      \(beside.map(Self.html) ?? "")
      <p class="quiet">The two sides took turns; each time is a median over the rounds.</p>
      </main>
      """
    return HTMLPage(title: "Benchmark", body: body).document
  }

  private static func html(_ beside: Beside) -> String {
    let figures = beside.figures.map { "<li>\(XML.escaped($0.operation)): \(time($0.time))</li>" }.joined()
    return "<h2>Beside them: \(XML.escaped(beside.name))</h2>\n<ul>\(figures)</ul>"
  }

  static func ratio(_ value: Double) -> String { fixed(value, value < 10 ? 2 : 1) + "×" }

  static func time(_ nanoseconds: Double) -> String {
    if nanoseconds < 1_000 { return fixed(nanoseconds, 0) + " ns" }
    if nanoseconds < 1_000_000 { return fixed(nanoseconds / 1_000, 1) + " µs" }
    return fixed(nanoseconds / 1_000_000, 1) + " ms"
  }

  static func fixed(_ value: Double, _ places: Int) -> String {
    guard value.isFinite, value.magnitude < 1e12 else { return "–" }
    if value < 0 { return "−" + fixed(-value, places) }
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    let whole = Int((value * Double(scale)).rounded())
    if places == 0 { return "\(whole)" }
    let fraction = String(whole % scale)
    return "\(whole / scale)." + String(repeating: "0", count: places - fraction.count) + fraction
  }
}
