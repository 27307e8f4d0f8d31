extension Report {
  /// The report as one self-contained HTML page: a matrix of suites and subjects, every breach as a lesson, the skips
  /// with their reasons, and what each subject declares.
  public func html(contract document: Contract = .current) -> String {
    let sections = [
      matrix, breaches(document), stale, measurements, skips, declarations,
    ]
    let wash = verdict == .passed ? "good" : "bad"
    let body = """
      <header>
      <h1>Conformance report</h1>
      <p class="verdict \(wash)" role="status">\(XML.escaped(verdictSentence))</p>
      <dl class="facts">
      \(facts.map { "<div><dt>\($0.name)</dt><dd>\(XML.escaped($0.value))</dd></div>" }.joined(separator: "\n"))
      </dl>
      </header>
      <main>
      \(sections.filter { !$0.isEmpty }.joined(separator: "\n"))
      </main>
      <footer><p>Written by the conformance kit \(XML.escaped(kit)) of Swift Auth Cache. Contract version \(contract).</p></footer>
      """
    return HTMLPage(title: "Conformance: \(verdictSentence)", body: body).document
  }

  // MARK: Matrix

  private var matrix: String {
    let heads = subjects.map { subject in
      let detail = [subject.stack == "plain" ? nil : "under \(subject.stack)", subject.server].compactMap { $0 }
      return "<th scope=\"col\"><strong>\(XML.escaped(subject.backend))</strong>"
        + "\(XML.escaped(detail.joined(separator: " · ")))</th>"
    }
    let rows = suites.map { suite in
      "<tr><th scope=\"row\">\(XML.escaped(Self.title(of: suite)))</th>"
        + subjects.map { "<td>\(chips($0.tally(suite)))</td>" }.joined() + "</tr>"
    }
    return """
      <section aria-labelledby="results">
      <h2 id="results">Results</h2>
      <div class="scroll" tabindex="0" role="region" aria-labelledby="results">
      <table>
      <thead><tr><th scope="col">Suite</th>\(heads.joined())</tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody>
      <tfoot><tr><th scope="row">All</th>\(subjects.map { "<td>\(chips($0.tally()))</td>" }.joined())</tr></tfoot>
      </table>
      </div>
      </section>
      """
  }

  private func chips(_ tally: [String: Int]) -> String {
    let chips = Outcome.names.compactMap { outcome in
      tally[outcome].map { Self.chip(outcome, "\($0) \(ResultReport.title(ofOutcome: outcome))") }
    }
    return chips.isEmpty ? "<span class=\"quiet\">none</span>" : chips.joined()
  }

  private static func chip(_ outcome: String, _ text: String) -> String {
    let wash =
      switch outcome {
      case "passed": "good"
      case "failed", "blocked": "bad"
      case "knownFailure": "warn"
      default: "idle"
      }
    return "<span class=\"chip \(wash)\">\(XML.escaped(text))</span>"
  }

  // MARK: Breaches

  private func breaches(_ document: Contract) -> String {
    let lessons = subjects.flatMap { subject in
      subject.failures.map { article($0, of: subject, document[$0.id]) }
    }
    guard !lessons.isEmpty else { return "" }
    return "<section aria-labelledby=\"breaches\">\n<h2 id=\"breaches\">Breaches</h2>\n"
      + lessons.joined(separator: "\n") + "\n</section>"
  }

  private func article(_ result: ResultReport, of subject: SubjectReport, _ entry: Contract.Entry?) -> String {
    let isKnown = result.outcome == "knownFailure"
    var pairs = ""
    func add(_ name: String, _ value: String?) {
      guard let value, !value.isEmpty else { return }
      pairs += "<dt>\(name)</dt><dd>\(XML.escaped(value))</dd>\n"
    }
    if isKnown { add("Accepted", result.reason) }
    add("Consequence", entry?.consequence)
    for finding in result.findings.prefix(3) {
      add("Rule checked", finding.message)
      add("Expected", finding.expected)
      add("Found", finding.found)
    }
    if result.findings.count > 3 { add("And", Self.count(result.findings.count - 3, "more finding")) }
    add("Likely cause", result.findings.first?.likelyCause)
    add("References", entry.map { $0.references.joined(separator: ", ") })
    if let first = result.findings.first, let file = first.file, !file.isEmpty {
      add("Checked at", file + (first.line.map { ":\($0)" } ?? ""))
    }
    add("Seed", seed)
    var text = "<article class=\"\(isKnown ? "known" : "breach")\">\n"
    text += "<h3><code>\(XML.escaped(result.id))</code> <span class=\"where\">on \(XML.escaped(subject.title))</span> "
    text += Self.chip(result.outcome, isKnown ? "known failure" : "failed") + "</h3>\n"
    if let entry { text += "<p class=\"statement\">\(XML.escaped(entry.statement))</p>\n" }
    text += "<dl>\n\(pairs)</dl>\n"
    if let operations = result.findings.first?.operations, !operations.isEmpty {
      text += "<p class=\"label\">What was done</p>\n"
      text += "<pre tabindex=\"0\">\(XML.escaped(operations.joined(separator: "\n")))</pre>\n"
    }
    if let replay = result.replay {
      text += "<p class=\"label\">Replay</p>\n<pre tabindex=\"0\">\(XML.escaped(replay))</pre>\n"
    }
    return text + "</article>"
  }

  private var stale: String {
    guard !staleKnownFailures.isEmpty else { return "" }
    let items = staleKnownFailures.map { "<li>\(XML.escaped($0))</li>" }.joined(separator: "\n")
    return "<section>\n<h2>Stale known failures</h2>\n<ul>\n\(items)\n</ul>\n</section>"
  }

  // MARK: What was measured

  private var measurements: String {
    let items = subjects.flatMap { subject in
      subject.notes.map { id, note in
        "<li><code>\(XML.escaped(id))</code> on \(XML.escaped(subject.title)): \(XML.escaped(note))</li>"
      }
    }
    guard !items.isEmpty else { return "" }
    return "<section aria-labelledby=\"measured\">\n<h2 id=\"measured\">Measured</h2>\n<ul>\n"
      + items.joined(separator: "\n") + "\n</ul>\n</section>"
  }

  // MARK: What was not asked, and what was declared

  private var skips: String {
    let blocks = subjects.flatMap { subject in
      subject.skips.map { skip in
        "<details><summary>\(Self.chip(skip.outcome, "\(skip.ids.count) \(ResultReport.title(ofOutcome: skip.outcome))")) "
          + "\(XML.escaped(subject.title)): \(XML.escaped(skip.reason))</summary>\n<ul>"
          + skip.ids.map { "<li><code>\(XML.escaped($0))</code></li>" }.joined() + "</ul></details>"
      }
    }
    guard !blocks.isEmpty else { return "" }
    return "<section aria-labelledby=\"skips\">\n<h2 id=\"skips\">Not asked</h2>\n"
      + "<p class=\"quiet\">What a backend does not declare is not asked of it; each reason is named.</p>\n"
      + blocks.joined(separator: "\n") + "\n</section>"
  }

  private var declarations: String {
    let cards = subjects.filter { !$0.properties.isEmpty }.map { subject in
      let pairs = subject.properties.sorted { $0.key < $1.key }
        .map { "<dt>\(XML.escaped($0.key))</dt><dd><code>\(XML.escaped($0.value))</code></dd>" }
      let capabilities = subject.capabilities.isEmpty ? "none" : subject.capabilities.joined(separator: ", ")
      return "<article><h3>\(XML.escaped(subject.title))</h3>\n<dl class=\"pairs\">\n\(pairs.joined(separator: "\n"))\n"
        + "<dt>capabilities</dt><dd>\(XML.escaped(capabilities))</dd></dl></article>"
    }
    guard !cards.isEmpty else { return "" }
    return "<section aria-labelledby=\"declared\">\n<h2 id=\"declared\">Declared</h2>\n<div class=\"grid\">\n"
      + cards.joined(separator: "\n") + "\n</div>\n</section>"
  }
}
