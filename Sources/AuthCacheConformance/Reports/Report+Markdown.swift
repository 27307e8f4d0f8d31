extension Report {
  /// The report as Markdown, for a pull request or a job summary.
  public func markdown(contract document: Contract = .current) -> String {
    var text = "# Conformance report\n\n**\(Self.markdown(verdictSentence))**\n\n"
    text += "| " + facts.map(\.name).joined(separator: " | ") + " |\n"
    text += "|" + facts.map { _ in "---|" }.joined() + "\n"
    text += "| " + facts.map { Self.cell($0.value) }.joined(separator: " | ") + " |\n"
    for subject in subjects { text += "\n" + table(of: subject) }
    let failures = subjects.flatMap { subject in subject.failures.map { (subject, $0) } }
    if !failures.isEmpty { text += "\n## Breaches\n" }
    for (subject, result) in failures { text += "\n" + section(result, of: subject, document[result.id]) }
    let measured = subjects.filter { !$0.notes.isEmpty }
    if !measured.isEmpty { text += "\n## Measured\n" }
    for subject in measured {
      text += "\n### \(Self.markdown(subject.title))\n\n"
      text += subject.notes.map { "- `\($0.id)`: \(Self.markdown($0.note))\n" }.joined()
    }
    let skipped = subjects.filter { !$0.skips.isEmpty }
    if !skipped.isEmpty { text += "\n## Not asked\n" }
    for subject in skipped { text += "\n" + skips(of: subject) }
    if !staleKnownFailures.isEmpty {
      text += "\n## Stale known failures\n\n"
      text += staleKnownFailures.map { "- \(Self.markdown($0))\n" }.joined()
    }
    return text
  }

  private func table(of subject: SubjectReport) -> String {
    let columns = Outcome.names
    var text = "## \(Self.markdown(subject.title))\n\n"
    if let server = subject.server { text += "\(Self.markdown(server)). " }
    let properties = subject.properties.sorted { $0.key < $1.key }.map { "\($0.key) `\($0.value)`" }
    if !properties.isEmpty { text += "Declares " + properties.joined(separator: ", ") + "." }
    if !subject.capabilities.isEmpty { text += " Conforms to " + subject.capabilities.joined(separator: ", ") + "." }
    if subject.server != nil || !properties.isEmpty { text += "\n\n" }
    text += "| suite | " + columns.map(ResultReport.title(ofOutcome:)).joined(separator: " | ") + " |\n"
    text += "|---|" + columns.map { _ in "---:|" }.joined() + "\n"
    func row(_ title: String, _ tally: [String: Int], _ mark: String = "") -> String {
      let cells = columns.map { (tally[$0] ?? 0) == 0 ? "" : "\(mark)\(tally[$0] ?? 0)\(mark)" }
      return "| \(mark)\(Self.cell(title))\(mark) | " + cells.joined(separator: " | ") + " |\n"
    }
    for suite in Self.ordered(suites: subject.results.map(\.suite)) {
      text += row(Self.title(of: suite), subject.tally(suite))
    }
    return text + row("all", subject.tally(), "**")
  }

  private func section(_ result: ResultReport, of subject: SubjectReport, _ entry: Contract.Entry?) -> String {
    let known = result.outcome == "knownFailure" ? " (known: \(Self.markdown(result.reason ?? "")))" : ""
    var text = "### `\(result.id)` on \(Self.markdown(subject.title))\(known)\n\n"
    func add(_ name: String, _ value: String?) {
      if let value, !value.isEmpty { text += "- **\(name):** \(Self.markdown(value))\n" }
    }
    add("Requirement", entry?.statement)
    add("Consequence", entry?.consequence)
    for finding in result.findings.prefix(3) {
      add("Rule checked", finding.message)
      add("Expected", finding.expected)
      add("Found", finding.found)
    }
    if result.findings.count > 3 { text += "- … and \(Self.count(result.findings.count - 3, "more finding"))\n" }
    add("Likely cause", result.findings.first?.likelyCause)
    add("References", entry.map { $0.references.joined(separator: ", ") })
    add("Seed", seed)
    if let operations = result.findings.first?.operations, !operations.isEmpty {
      text += "\nWhat was done:\n\n" + Self.fenced(operations.joined(separator: "\n"), "text")
    }
    if let replay = result.replay { text += "\nReplay:\n\n" + Self.fenced(replay, "sh") }
    return text
  }

  private func skips(of subject: SubjectReport) -> String {
    var text = "### \(Self.markdown(subject.title))\n\n"
    for skip in subject.skips {
      let ids = skip.ids.map { "`\($0)`" }.joined(separator: ", ")
      text += "- \(skip.ids.count) \(ResultReport.title(ofOutcome: skip.outcome)), "
      text += "\(Self.markdown(skip.reason)): \(ids)\n"
    }
    return text
  }

  /// A block of code, fenced by more backticks than it holds.
  static func fenced(_ code: String, _ language: String) -> String {
    var longest = 0
    var run = 0
    for character in code {
      run = character == "`" ? run + 1 : 0
      longest = max(longest, run)
    }
    let fence = String(repeating: "`", count: max(3, longest + 1))
    return "\(fence)\(language)\n\(code)\n\(fence)\n"
  }

  /// Text that Markdown would otherwise read as markup.
  static func markdown(_ text: String) -> String {
    var escaped = ""
    for character in text {
      switch character {
      case "\n", "\r\n": escaped += " "
      case "\\", "`", "*", "_", "[", "]", "<", ">", "|", "#": escaped += "\\\(character)"
      default: escaped.append(character)
      }
    }
    return escaped
  }

  private static func cell(_ text: String) -> String { markdown(text) }
}
