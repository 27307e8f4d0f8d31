/// Columns of text, the first to the left and the others to the right.
struct TextTable {
  private var rows: [[String]] = []
  private var rules: Set<Int> = []

  mutating func add(_ row: [String]) { rows.append(row) }
  /// A line across the table before the next row.
  mutating func rule() { rules.insert(rows.count) }

  /// - Parameter paint: colours a cell after it was padded.
  func text(
    indent: String = "", paint: (_ cell: String, _ row: Int, _ column: Int) -> String = { cell, _, _ in cell }
  )
    -> String
  {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    let width = widths.reduce(0, +) + 2 * max(0, columns - 1)
    var text = ""
    for (number, row) in rows.enumerated() {
      if rules.contains(number) { text += indent + String(repeating: "─", count: width) + "\n" }
      let cells = row.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return paint(column == 0 ? cell + space : space + cell, number, column)
      }
      text += indent + cells.joined(separator: "  ").trimmedAtEnd + "\n"
    }
    return text
  }
}

extension String {
  var trimmedAtEnd: String {
    var text = self[...]
    while text.last == " " { text.removeLast() }
    return String(text)
  }

  /// Broken at spaces so that no line is longer than `width` where that can be had; the first line starts at `column`.
  func wrapped(at width: Int, indent: String, from column: Int? = nil) -> String {
    var text = ""
    var length = column ?? indent.count
    var isFirst = true
    for word in split(separator: " ", omittingEmptySubsequences: true) {
      if !isFirst, length + 1 + word.count > width {
        text += "\n" + indent
        length = indent.count
        isFirst = true
      }
      if !isFirst { text += " " }
      text += word
      length += word.count + (isFirst ? 0 : 1)
      isFirst = false
    }
    return text
  }
}
