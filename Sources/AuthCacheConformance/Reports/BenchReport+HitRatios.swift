extension BenchReport {
  private static let hitRatioHeads = [
    "trace", "requests", "room for", "this cache", "LRU", "Caffeine", "to LRU", "to Caffeine",
  ]

  private static func row(_ item: HitRatio) -> [String] {
    [
      item.trace, String(item.requests), String(item.capacity), fixed(item.cache, 1), fixed(item.leastRecentlyUsed, 1),
      item.caffeine.map { fixed($0, 1) } ?? "", points(item.cache - item.leastRecentlyUsed),
      item.caffeine.map { points(item.cache - $0) } ?? "",
    ]
  }

  /// A difference of percentages.
  static func points(_ value: Double) -> String { (value > 0 ? "+" : "") + fixed(value, 1) + " pt" }

  var hitRatioText: String {
    guard let hitRatios, !hitRatios.isEmpty else { return "" }
    var table = TextTable()
    table.add(Self.hitRatioHeads)
    table.rule()
    for item in hitRatios { table.add(Self.row(item)) }
    return "\nHit ratios, in per cent of the requests:\n" + table.text(indent: "  ")
  }

  var hitRatioHTML: String {
    guard let hitRatios, !hitRatios.isEmpty else { return "" }
    let rows = hitRatios.map { item in
      let cells = Self.row(item)
      return "<tr><th scope=\"row\">\(XML.escaped(cells[0]))</th>"
        + cells.dropFirst().map { "<td>\(XML.escaped($0))</td>" }.joined() + "</tr>"
    }
    return """
      <h2>Hit ratios, in per cent of the requests</h2>
      <div class="scroll" tabindex="0" role="region" aria-label="Hit ratios">
      <table><thead><tr>\(Self.hitRatioHeads.map { "<th scope=\"col\">\($0)</th>" }.joined())</tr></thead>
      <tbody>\(rows.joined(separator: "\n"))</tbody></table>
      </div>
      """
  }
}
