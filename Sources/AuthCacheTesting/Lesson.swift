internal import AuthCacheConformance
internal import Testing

/// A failed check as a text: what is promised, what its breach costs, what was seen, and how to see it again.
struct Lesson {
  let result: Runner.Result
  let subject: Subject
  let seed: UInt64
  let test: Test?

  var text: String {
    let requirement = result.requirement
    var lines = [
      "\(requirement.id) on \(subject): \(requirement.statement)",
      "",
      "  Consequence:  \(requirement.consequence)",
    ]
    for finding in result.outcome.findings { lines += self.lines(of: finding) }
    if !requirement.references.isEmpty {
      lines.append("  References:   \(requirement.references.joined(separator: ", "))")
    }
    lines.append("  Seed:         \(seed)")
    lines.append("  Once more:    \(replay)")
    return lines.joined(separator: "\n")
  }

  private func lines(of finding: Finding) -> [String] {
    var lines = ["", "  Breach:       \(finding.message)"]
    if let expected = finding.expected { lines.append("  Expected:     \(indented(expected))") }
    if let found = finding.found { lines.append("  Found:        \(indented(found))") }
    if let cause = finding.likelyCause { lines.append("  Likely cause: \(cause)") }
    if let file = finding.file, !file.isEmpty, let line = finding.line {
      lines.append("  Checked at:   \(file):\(line)")
    }
    if !finding.operations.isEmpty {
      lines.append("  Operations:")
      lines += finding.operations.map { "    " + $0 }
    }
    return lines + [""]
  }

  private func indented(_ text: String) -> String { text.replacing("\n", with: "\n                ") }

  private var replay: String {
    let filter = test.map { " --filter '\(Self.filter(for: $0))'" } ?? ""
    return "AUTHCACHE_SEED=\(seed) AUTHCACHE_ONLY=\(result.requirement.id) swift test\(filter)"
  }

  /// What `swift test --filter` takes: `Target.Suite/function`.
  static func filter(for test: Test) -> String {
    let id = "\(test.id)"
    return String(id.prefix { $0 != "(" })
  }
}
