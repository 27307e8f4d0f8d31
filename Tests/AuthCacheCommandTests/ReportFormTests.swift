import AuthCacheConformance
import Foundation
import Testing

@Suite struct ReportFormTests {
  private static let sample = """
    {"format": 1, "contract": 1, "kit": "0.1.0", "seed": "42", "started": "2026-01-01T00:00:00Z", "seconds": 1.5,
     "complete": true, "platform": {"swift": "6.3", "os": "Linux", "cores": 2}, "staleKnownFailures": [],
     "subjects": [{"backend": "broken", "server": "Broken <1>", "stack": "plain", "properties": {"shared": "true"},
       "capabilities": ["bulk"], "totals": {"passed": 1, "failed": 1, "notDeclared": 1},
       "results": [
         {"id": "record.load.absent", "suite": "records", "outcome": "passed", "milliseconds": 1,
          "note": "3 of 5 < 7 ms", "findings": []},
         {"id": "code.consume.once", "suite": "one-time", "outcome": "failed", "milliseconds": 2.5,
          "replay": "authcache verify --seed 42",
          "findings": [{"message": "a & b < c", "expected": "\\"one\\"", "found": "two\\u0001",
            "operations": ["+0 ms  consume(code #1) → nil"], "likelyCause": "haste"}]},
         {"id": "group.remove.all", "suite": "groups", "outcome": "notDeclared", "milliseconds": 0,
          "reason": "group", "findings": []}]}]}
    """

  private func report() throws -> Report { try Report(json: Data(Self.sample.utf8)) }

  @Test("JSON is read back as what was written, keys in their order and null where there is nothing")
  func roundTrip() throws {
    let written = try report().json
    #expect(try Report(json: Data(written.utf8)).json == written)
    #expect(written.hasPrefix("{\n  \"format\": 1,\n  \"contract\": 1,\n"))
    #expect(written.contains("\"reason\": null"))
  }

  /// `AUTHCACHE_RECORD=1` writes them anew, for a change that is meant.
  @Test("every form is what it was", arguments: ReportFormat.allCases)
  func golden(_ format: ReportFormat) throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let file = root.appendingPathComponent("Fixtures/Reports/\(format.fileName)")
    let text = try report().rendered(as: format)
    if ProcessInfo.processInfo.environment["AUTHCACHE_RECORD"] == "1" {
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(try text == String(contentsOf: file, encoding: .utf8), "\(file.lastPathComponent)")
  }

  @Test("every form carries the lesson: requirement, consequence, expected, found, cause, operations, seed, replay")
  func lesson() throws {
    let report = try report()
    let entry = try #require(Contract.current.requirements.first { $0.id == "code.consume.once" })
    for format in [ReportFormat.text, .markdown, .html, .junit] {
      let text = report.rendered(as: format).replacing("\n", with: " ").replacing(/\s+/, with: " ")
      for part in [entry.id, entry.consequence, "haste", "consume(code #1)", "42", "authcache verify --seed 42"] {
        let escaped = [part, part.replacing("#", with: "\\#"), part.replacing("'", with: "&#39;")]
        #expect(escaped.contains { text.contains($0) }, "\(format) lacks \(part)")
      }
    }
  }

  @Test("JUnit counts failures and skips, gives every skip its reason, and is well-formed")
  func junit() throws {
    let xml = try report().rendered(as: .junit)
    #expect(xml.contains("tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\""))
    #expect(xml.contains("<skipped message=\"not declared: group\"/>"))
    #expect(xml.contains("a &amp; b &lt; c"))
    #expect(!xml.unicodeScalars.contains("\u{1}"))
    var open: [Substring] = []
    for tag in xml.matches(of: /<(\/?)([a-z\-]+)(?:\s+[a-z]+="[^"<]*")*\s*(\/?)>/) {
      if !tag.1.isEmpty { #expect(open.popLast() == tag.2) } else if tag.3.isEmpty { open.append(tag.2) }
    }
    #expect(open.isEmpty)
    let bare = xml.replacing(/<(\/?)([a-z\-]+)(?:\s+[a-z]+="[^"<]*")*\s*(\/?)>|<\?xml[^>]*\?>/, with: "")
    #expect(!bare.contains("<"))
  }

  @Test("HTML stands alone: nothing is fetched, nothing runs, what is foreign is escaped")
  func html() throws {
    let page = try report().rendered(as: .html)
    for forbidden in ["<script", "src=", "@import", "url(", "http://", "https://", "Broken <1>"] {
      #expect(!page.contains(forbidden), "\(forbidden)")
    }
    #expect(page.contains("prefers-color-scheme: dark"))
    #expect(page.contains("name=\"viewport\""))
  }

  @Test("passed and failed now is a regression, failed and passed now is healed, passed and absent has vanished")
  func comparison() throws {
    let old = try report()
    let new = try Report(
      json: Data(
        Self.sample.replacing("\"outcome\": \"passed\"", with: "\"outcome\": \"failed\"")
          .replacing("\"one-time\", \"outcome\": \"failed\"", with: "\"one-time\", \"outcome\": \"passed\"").utf8))
    let comparison = ReportComparison(old: old, new: new)
    #expect(comparison.broke.map(\.id) == ["record.load.absent"])
    #expect(comparison.healed.map(\.id) == ["code.consume.once"])
    #expect(comparison.isRegression)
    #expect(!ReportComparison(old: old, new: old).isRegression)
    let emptied = try Report(
      json: Data(old.json.replacing(/"results": \[[\s\S]*?\n      \]/, with: "\"results\": []").utf8))
    #expect(ReportComparison(old: old, new: emptied).vanished.map(\.id) == ["record.load.absent"])
  }
}
