extension Report {
  /// The report for people at a terminal: a table for each subject, every failure as a lesson, the skips with their
  /// reasons, and one sentence at the end.
  public func text(style: TextStyle = .plain, contract document: Contract = .current) -> String {
    var blocks = subjects.map { table(of: $0, style: style) }
    blocks += subjects.flatMap { subject in
      subject.failures.map { lesson($0, of: subject, entry: document[$0.id], style: style) }
    }
    blocks += subjects.compactMap { notes(of: $0, style: style) }
    blocks += subjects.compactMap { skips(of: $0, style: style) }
    if !staleKnownFailures.isEmpty {
      blocks.append(
        style.paint("Stale known failures", .bold) + "\n" + staleKnownFailures.map { "  \($0)\n" }.joined())
    }
    let facts =
      "contract \(contract) · kit \(kit) · \(platform.os), Swift \(platform.swift), "
      + "\(Self.count(platform.cores, "core")) · seed \(seed) · \(Self.time(seconds))"
    blocks.append(
      style.paint(facts, .faint) + "\n" + style.paint(verdictSentence, verdict == .passed ? .green : .red) + "\n")
    return blocks.joined(separator: "\n")
  }

  private func table(of subject: SubjectReport, style: TextStyle) -> String {
    var table = TextTable()
    let columns = Outcome.names
    table.add([""] + columns.map(ResultReport.title(ofOutcome:)))
    let suites = Self.ordered(suites: subject.results.map(\.suite))
    func row(_ title: String, _ tally: [String: Int]) -> [String] {
      [title] + columns.map { (tally[$0] ?? 0) == 0 ? "·" : "\(tally[$0] ?? 0)" }
    }
    for suite in suites { table.add(row(Self.title(of: suite), subject.tally(suite))) }
    table.rule()
    table.add(row("all", subject.tally()))

    let server = subject.server.map { " · \($0)" } ?? ""
    let text = table.text(indent: "  ") { cell, row, column in
      if row == 0 || cell.hasSuffix("·") { return style.paint(cell, .faint) }
      guard column > 0 else { return cell }
      switch columns[column - 1] {
      case "passed": return style.paint(cell, .green)
      case "failed", "blocked": return style.paint(cell, .red)
      case "knownFailure": return style.paint(cell, .yellow)
      default: return cell
      }
    }
    return style.paint(subject.title, .bold) + style.paint(server, .faint) + "\n" + text
  }

  private func notes(of subject: SubjectReport, style: TextStyle) -> String? {
    guard !subject.notes.isEmpty else { return nil }
    var text = style.paint("Measured on \(subject.title)", .bold) + "\n"
    for (id, note) in subject.notes {
      text += "  " + note.wrapped(at: 100, indent: "    ", from: 2) + "\n    " + style.paint(id, .faint) + "\n"
    }
    return text
  }

  private func skips(of subject: SubjectReport, style: TextStyle) -> String? {
    let skips = subject.skips
    guard !skips.isEmpty else { return nil }
    var text = style.paint("Not asked of \(subject.title)", .bold) + "\n"
    for skip in skips {
      let shown = skip.ids.prefix(4).joined(separator: ", ")
      let more = skip.ids.count > 4 ? " and \(skip.ids.count - 4) more" : ""
      let head = "\(skip.ids.count) \(ResultReport.title(ofOutcome: skip.outcome)): \(skip.reason)"
      text += "  " + head.wrapped(at: 100, indent: "    ", from: 2) + "\n"
      text += "    " + style.paint((shown + more).wrapped(at: 100, indent: "    "), .faint) + "\n"
    }
    return text
  }

  // MARK: Lessons

  func lesson(
    _ result: ResultReport, of subject: SubjectReport, entry: Contract.Entry?, style: TextStyle
  ) -> String {
    let isKnown = result.outcome == "knownFailure"
    var text = style.paint(isKnown ? "KNOWN" : "FAILED", isKnown ? .yellow : .red)
    text += " " + style.paint(result.id, .bold) + " on \(subject.title)\n"
    func add(_ name: String, _ value: String?) {
      guard let value, !value.isEmpty else { return }
      let label = name + String(repeating: " ", count: max(1, 14 - name.count))
      text += "  " + style.paint(label, .faint)
      text += value.wrapped(at: 100, indent: String(repeating: " ", count: 16), from: 16) + "\n"
    }
    add("Requirement", entry?.statement)
    add("Consequence", entry?.consequence)
    if isKnown { add("Accepted", result.reason) }
    for (number, finding) in result.findings.prefix(3).enumerated() {
      if result.findings.count > 1 { text += "  " + style.paint("Finding \(number + 1)", .cyan) + "\n" }
      // Each finding repeats the operations of the one before it.
      if number == 0, !finding.operations.isEmpty {
        text += "  " + style.paint("What was done", .faint) + "\n"
        for operation in finding.operations { text += "      \(operation)\n" }
      }
      add("Rule checked", finding.message)
      add("Expected", finding.expected)
      add("Found", finding.found)
    }
    if result.findings.count > 3 { text += "  … and \(Self.count(result.findings.count - 3, "more finding"))\n" }
    add("Likely cause", result.findings.first?.likelyCause)
    add("References", entry.map { $0.references.joined(separator: ", ") })
    if let finding = result.findings.first, let file = finding.file, !file.isEmpty {
      add("Checked at", file + (finding.line.map { ":\($0)" } ?? ""))
    }
    add("Seed", seed)
    if let replay = result.replay { text += "  " + style.paint("Replay        ", .faint) + replay + "\n" }
    return text
  }
}
