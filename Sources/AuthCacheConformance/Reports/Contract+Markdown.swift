extension Contract {
  /// The contract as Markdown: a table of contents, then a chapter for each suite.
  public var markdown: String {
    var text = "# The contract, version \(contract)\n\n"
    text += "\(Report.count(requirements.count, "requirement")) in \(Report.count(chapters.count, "chapter")). "
    text += "A requirement that needs nothing binds every backend; any other binds those that declare what it needs. "
    text += "An id never changes its meaning.\n\n## Contents\n\n"
    for (number, chapter) in chapters.enumerated() {
      text += "\(number + 1). [\(Report.markdown(chapter.title))](#\(chapter.suite)) (\(chapter.entries.count))\n"
    }
    for (number, chapter) in chapters.enumerated() {
      text += "\n<a id=\"\(chapter.suite)\"></a>\n\n## \(number + 1). \(Report.markdown(chapter.title))\n"
      for entry in chapter.entries { text += "\n" + Self.section(entry) }
    }
    return text
  }

  private static func section(_ entry: Entry) -> String {
    var text = "### `\(entry.id)`\n\n\(Report.markdown(entry.statement))\n\n"
    text += "- **Otherwise:** \(Report.markdown(entry.consequence))\n"
    let binds = entry.needs.isEmpty ? "every backend" : "backends with " + codes(entry.needs)
    text += "- **Binds:** \(binds)\n"
    if !entry.references.isEmpty {
      text += "- **References:** \(entry.references.map(Report.markdown).joined(separator: ", "))\n"
    }
    if !entry.provenBy.isEmpty { text += "- **Proven by:** \(codes(entry.provenBy))\n" }
    return text
  }

  private static func codes(_ words: [String]) -> String { words.map { "`\($0)`" }.joined(separator: ", ") }
}
