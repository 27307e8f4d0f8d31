/// What the renderers have in common: suites in order, failures, skips by reason, and the verdict in one sentence.
extension Report {
  static func title(of suite: String) -> String { Suite(rawValue: suite)?.title ?? suite }

  /// Each suite once, known ones in the order of the table of contents, others after them by name.
  static func ordered(suites: [String]) -> [String] {
    let known = Suite.allCases.map(\.rawValue)
    return Set(suites).sorted { a, b in
      (known.firstIndex(of: a) ?? known.count, a) < (known.firstIndex(of: b) ?? known.count, b)
    }
  }

  /// The suites of which at least one requirement was in the run.
  var suites: [String] { Self.ordered(suites: subjects.flatMap { $0.results.map(\.suite) }) }

  /// One sentence for the end of the run.
  public var verdictSentence: String {
    let checks = Self.count(executed, "check")
    let blockedSubjects = subjects.filter { ($0.totals["blocked"] ?? 0) > 0 && isRequired($0) }.map(\.title)
    if !complete { return "INCOMPLETE: the run was ended after \(checks), \(total("failed")) failed." }
    switch verdict {
    case .passed:
      let known = total("knownFailure")
      let accepted = known == 0 ? "" : ", \(Self.count(known, "known failure")) accepted"
      return "PASSED: \(checks) on \(Self.list(subjects.map(\.title))), 0 failed\(accepted)."
    case .breached:
      let failed = total("failed")
      let stale = staleKnownFailures.isEmpty ? [] : [Self.count(staleKnownFailures.count, "stale known failure")]
      let breaches = failed == 0 ? [] : [Self.count(failed, "breach", "breaches") + " in \(checks)"]
      return "FAILED: " + (breaches + stale).joined(separator: ", ") + "."
    case .blocked where executed == 0 && blockedSubjects.isEmpty: return "BLOCKED: nothing was executed."
    case .blocked: return "BLOCKED: \(Self.list(blockedSubjects)) could not be verified."
    }
  }

  static func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
    number == 1 ? "1 \(noun)" : "\(number) \(plural ?? noun + "s")"
  }

  /// `a`, `a and b`, `a, b and c`.
  static func list(_ words: [String]) -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "nothing" }
    return words.dropLast().joined(separator: ", ") + " and " + last
  }

  /// `850 ms`, `12.3 s`, `4 min 02 s`.
  static func time(_ seconds: Double) -> String {
    if seconds < 1 { return "\(Int((seconds * 1_000).rounded())) ms" }
    if seconds < 60 { return "\((seconds * 10).rounded() / 10) s" }
    let whole = Int(seconds.rounded())
    return "\(whole / 60) min \(whole % 60 < 10 ? "0" : "")\(whole % 60) s"
  }

  /// The facts of the run, as name and value.
  var facts: [(name: String, value: String)] {
    [
      ("Contract", "version \(contract)"), ("Kit", kit), ("Seed", seed), ("Started", started),
      ("Duration", Self.time(seconds)),
      ("Platform", "\(platform.os), Swift \(platform.swift), \(Self.count(platform.cores, "core"))"),
    ]
  }
}

extension Report.SubjectReport {
  /// The backend, and the layers where there are any.
  public var title: String { stack == "plain" ? backend : "\(backend) under \(stack)" }

  func results(in suite: String) -> [Report.ResultReport] { results.filter { $0.suite == suite } }

  /// How many results of `suite` have each outcome; of all suites if none is named.
  func tally(_ suite: String? = nil) -> [String: Int] {
    var tally: [String: Int] = [:]
    for result in results where suite == nil || result.suite == suite { tally[result.outcome, default: 0] += 1 }
    return tally
  }

  /// The breaches, accepted ones last.
  var failures: [Report.ResultReport] {
    results.filter { $0.outcome == "failed" } + results.filter { $0.outcome == "knownFailure" }
  }

  /// What was measured on the way.
  var notes: [(id: String, note: String)] { results.compactMap { result in result.note.map { (result.id, $0) } } }

  /// What was not asked or not reached: outcome, reason and the requirements it holds for.
  var skips: [(outcome: String, reason: String, ids: [String])] {
    var skips: [(outcome: String, reason: String, ids: [String])] = []
    for outcome in ["blocked", "notDeclared", "notScored"] {
      for result in results where result.outcome == outcome {
        let reason = result.reason ?? "no reason given"
        if let index = skips.firstIndex(where: { $0.outcome == outcome && $0.reason == reason }) {
          skips[index].ids.append(result.id)
        } else {
          skips.append((outcome, reason, [result.id]))
        }
      }
    }
    return skips
  }
}

extension Report.ResultReport {
  /// The word for people.
  var outcomeTitle: String { Self.title(ofOutcome: outcome) }

  static func title(ofOutcome outcome: String) -> String {
    switch outcome {
    case "notDeclared": "not declared"
    case "knownFailure": "known"
    case "notScored": "not scored"
    default: outcome
    }
  }
}
