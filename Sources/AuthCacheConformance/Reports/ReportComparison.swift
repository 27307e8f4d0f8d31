/// What changed between two runs.
public struct ReportComparison: Sendable {
  /// One requirement on one subject, before and after.
  public struct Change: Sendable, Hashable {
    public let id: String
    /// The backend and its stack.
    public let subject: String
    /// The outcome before; nil if it was not in that run.
    public let before: String?
    /// The outcome now; nil if it is not in this run.
    public let after: String?
    /// Why it is what it is now, where there is a reason.
    public let reason: String?
  }

  /// Failed now and not before, although it was asked before.
  public private(set) var broke: [Change] = []
  /// Failed before and passes now.
  public private(set) var healed: [Change] = []
  /// Passed before and is not asked any more.
  public private(set) var vanished: [Change] = []
  /// Not in the earlier run at all.
  public private(set) var appeared: [Change] = []
  /// How many came to the same.
  public private(set) var unchanged = 0

  /// Whether something that passed fails or is not asked any more.
  public var isRegression: Bool { !broke.isEmpty || !vanished.isEmpty }

  /// What changed from `old` to `new`.
  public init(old: Report, new: Report) {
    let (before, after) = (Self.index(old), Self.index(new))
    for key in before.keys.sorted() where after[key] == nil { judge(key, before[key], nil) }
    for key in after.keys.sorted() { judge(key, before[key], after[key]) }
    vanished.sort { ($0.subject, $0.id) < ($1.subject, $1.id) }
  }

  private mutating func judge(_ key: Key, _ before: Report.ResultReport?, _ after: Report.ResultReport?) {
    let change = Change(
      id: key.id, subject: key.subject, before: before?.outcome, after: after?.outcome,
      reason: after?.reason ?? after?.findings.first?.message)
    let failures: Set<String> = ["failed", "knownFailure"]
    switch (before?.outcome, after?.outcome) {
    case (nil, _): appeared.append(change)
    case (let before?, "failed") where before != "failed": broke.append(change)
    case ("passed", "knownFailure"): broke.append(change)
    case (let before?, "passed") where failures.contains(before): healed.append(change)
    case ("passed", let after) where after != "passed": vanished.append(change)
    default: unchanged += 1
    }
  }

  private struct Key: Hashable, Comparable {
    let subject: String
    let id: String
    static func < (a: Key, b: Key) -> Bool { (a.subject, a.id) < (b.subject, b.id) }
  }

  private static func index(_ report: Report) -> [Key: Report.ResultReport] {
    var index: [Key: Report.ResultReport] = [:]
    for subject in report.subjects {
      for result in subject.results { index[Key(subject: subject.title, id: result.id)] = result }
    }
    return index
  }

  /// The changes for people, worst first, and one sentence at the end.
  public func text(style: TextStyle = .plain) -> String {
    var text = ""
    func add(_ title: String, _ colour: TextStyle.Colour?, _ changes: [Change]) {
      guard !changes.isEmpty else { return }
      text += style.paint(title, colour) + "\n"
      for change in changes {
        let after = change.after.map(Report.ResultReport.title(ofOutcome:)) ?? "not in the run"
        let before = change.before.map(Report.ResultReport.title(ofOutcome:)) ?? "not in the run"
        text += "  \(change.id) on \(change.subject): \(before) → \(after)"
        text += (change.reason.map { " (\($0))" } ?? "") + "\n"
      }
      text += "\n"
    }
    add("Broke", .red, broke)
    add("Vanished", .red, vanished)
    add("Healed", .green, healed)
    add("New, failing", .yellow, appeared.filter { $0.after == "failed" })
    let counts =
      "\(broke.count) broke, \(vanished.count) vanished, \(healed.count) healed, "
      + "\(appeared.count) new, \(unchanged) unchanged"
    return text
      + style.paint(
        isRegression ? "REGRESSION: \(counts)." : "NO REGRESSION: \(counts).",
        isRegression ? .red : .green) + "\n"
  }
}
