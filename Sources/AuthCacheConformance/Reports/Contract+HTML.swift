extension Contract {
  /// The contract as one self-contained HTML page: a table of contents, then a chapter for each suite.
  public var html: String {
    let always = requirements.count { $0.needs.isEmpty }
    let contents = chapters.map { chapter in
      "<li><a href=\"#\(XML.escaped(chapter.suite))\">\(XML.escaped(chapter.title))<span>\(chapter.entries.count)</span></a></li>"
    }
    let body = """
      <header>
      <h1>The contract, version \(contract)</h1>
      <p>What every backend promises, and what the conformance kit checks. \
      \(Report.count(requirements.count, "requirement")): \(always) bind every backend, \
      \(requirements.count - always) bind those that declare what they need. An id never changes its meaning.</p>
      </header>
      <main>
      <nav aria-labelledby="contents">
      <h2 id="contents">Contents</h2>
      <ol class="contents">
      \(contents.joined(separator: "\n"))
      </ol>
      </nav>
      \(chapters.map(Self.section).joined(separator: "\n"))
      </main>
      <footer><p>Written by the conformance kit \(Report.kitVersion) of Swift Auth Cache.</p></footer>
      """
    return HTMLPage(title: "The contract, version \(contract)", body: body).document
  }

  private static func section(_ chapter: (title: String, suite: String, entries: [Entry])) -> String {
    let suite = XML.escaped(chapter.suite)
    return """
      <section class="chapter" aria-labelledby="\(suite)">
      <h2 id="\(suite)">\(XML.escaped(chapter.title))</h2>
      \(chapter.entries.map(article).joined(separator: "\n"))
      </section>
      """
  }

  private static func article(_ entry: Entry) -> String {
    let id = XML.escaped(entry.id)
    var pairs = "<dt>Otherwise</dt><dd>\(XML.escaped(entry.consequence))</dd>\n"
    let chips =
      entry.needs.isEmpty
      ? "<span class=\"chip good\">every backend</span>"
      : entry.needs.map { "<span class=\"chip idle\">\(XML.escaped($0))</span>" }.joined()
    pairs += "<dt>Binds</dt><dd>\(entry.needs.isEmpty ? "" : "backends with ")\(chips)</dd>\n"
    if !entry.references.isEmpty {
      pairs += "<dt>References</dt><dd>\(XML.escaped(entry.references.joined(separator: ", ")))</dd>\n"
    }
    if !entry.provenBy.isEmpty {
      let mutants = entry.provenBy.map { "<code>\(XML.escaped($0))</code>" }.joined(separator: ", ")
      pairs += "<dt>Proven by</dt><dd>\(mutants)</dd>\n"
    }
    return """
      <article id="\(id)">
      <h3><a href="#\(id)"><code>\(id)</code></a></h3>
      <p class="statement">\(XML.escaped(entry.statement))</p>
      <dl>
      \(pairs)</dl>
      </article>
      """
  }
}
