public import AuthCache
package import Foundation

/// What a run came to, in the form that is written as JSON, version 1.
public struct Report: Sendable, Codable {
  /// The version of the form that is written as JSON.
  public var format = 1
  /// The version of the contract.
  public var contract: Int
  /// The version of the kit.
  public var kit = Report.kitVersion
  /// What the run followed from.
  public var seed: String
  /// When it began, in ISO 8601.
  public var started: String
  /// How long it took, in seconds.
  public var seconds: Double
  /// False if the run was ended early.
  public var complete: Bool
  /// Where it ran.
  public var platform: Platform
  /// What was verified, in order.
  public var subjects: [SubjectReport]
  /// Entries of the known-failures file that match no failure or are past their date, each with why.
  public var staleKnownFailures: [String]
  /// The backends that must not be blocked; nil if none of them may be.
  public var required: [String]?

  /// The version of the kit.
  public static let kitVersion = "0.1.0"

  /// The machine and the compiler.
  public struct Platform: Sendable, Codable, Hashable {
    /// The version of Swift.
    public var swift: String
    /// The operating system and its version.
    public var os: String
    /// How many processors this process may use.
    public var cores: Int
  }

  /// What came of one backend under one stack.
  public struct SubjectReport: Sendable, Codable {
    /// The name of the backend.
    public var backend: String
    /// What answered, with its version, where it says so.
    public var server: String?
    /// The name of the stack over it.
    public var stack: String
    /// What it declared.
    public var properties: [String: String]
    /// Its optional powers.
    public var capabilities: [String]
    /// How many results have each outcome.
    public var totals: [String: Int]
    /// One for each requirement.
    public var results: [ResultReport]
  }

  /// How one requirement ended.
  public struct ResultReport: Sendable, Codable {
    public var id: String
    /// The chapter that it stands in.
    public var suite: String
    /// The outcome's name: see ``Outcome/name``.
    public var outcome: String
    /// How long it took, in milliseconds.
    public var milliseconds: Double
    /// Why, where an outcome has a reason.
    public var reason: String?
    /// What was measured on the way, in one sentence; left out where nothing was.
    public var note: String?
    /// The breaches that were found.
    public var findings: [Finding]
    /// The command that does it again, where something was found.
    public var replay: String?
  }

  package init(
    seed: UInt64, contract: Int, started: Date, seconds: Double, complete: Bool, subjects: [SubjectReport],
    staleKnownFailures: [String]
  ) {
    self.seed = String(seed)
    self.contract = contract
    self.started = started.formatted(.iso8601)
    self.seconds = (seconds * 1_000).rounded() / 1_000
    self.complete = complete
    platform = .current
    self.subjects = subjects
    self.staleKnownFailures = staleKnownFailures
  }

  /// How many results have this outcome, over all subjects.
  public func total(_ outcome: String) -> Int { subjects.reduce(0) { $0 + ($1.totals[outcome] ?? 0) } }

  /// How many checks were carried out, whatever they came to.
  public var executed: Int { total("passed") + total("failed") + total("knownFailure") }

  /// How many checks were blocked on a backend that must not be.
  public var blockedWhereRequired: Int {
    subjects.reduce(0) { $0 + (isRequired($1) ? $1.totals["blocked"] ?? 0 : 0) }
  }

  func isRequired(_ subject: SubjectReport) -> Bool { required?.contains(subject.backend) ?? true }

  /// What the run means for a gate.
  public var verdict: Verdict {
    if total("failed") > 0 || !staleKnownFailures.isEmpty { return .breached }
    if blockedWhereRequired > 0 || executed == 0 || !complete { return .blocked }
    return .passed
  }

  /// What a gate goes by. The raw value is the exit status.
  public enum Verdict: Int32, Sendable {
    /// All that was required passed.
    case passed = 0
    /// A requirement was breached, or a known failure went stale.
    case breached = 1
    /// Something required could not be reached, or nothing was executed.
    case blocked = 3
  }
}

extension Report.SubjectReport {
  package init(_ subject: Subject, _ inspected: Result<Declaration, Blocked>, results: [Runner.Result]) {
    backend = subject.factory.name
    stack = subject.stack.name
    let declaration = try? inspected.get()
    server = declaration?.server
    properties = declaration?.properties.report ?? [:]
    capabilities = declaration?.capabilities.sorted().map(\.rawValue) ?? []
    totals = Dictionary(uniqueKeysWithValues: Outcome.names.map { ($0, 0) })
    for result in results { totals[result.outcome.name, default: 0] += 1 }
    self.results = results.map {
      Report.ResultReport(
        id: $0.requirement.id, suite: $0.requirement.suite.rawValue, outcome: $0.outcome.name,
        milliseconds: ($0.milliseconds * 100).rounded() / 100, reason: $0.outcome.reason,
        note: $0.note, findings: $0.outcome.findings, replay: $0.replay)
    }
  }
}

extension BackendProperties {
  /// The properties by name, as reports print them.
  public var report: [String: String] {
    [
      "aliases": "\(aliases)", "durability": durability.rawValue, "shared": "\(shared)",
      "consistency": consistency.description, "expiry": expiry.rawValue, "clock": clock.description,
      "maxPayload": "\(maxPayload)",
    ]
  }
}

extension Report.Platform {
  static var current: Report.Platform {
    #if os(Linux)
    let os = "Linux"
    #elseif os(macOS)
    let os = "macOS"
    #else
    let os = "other"
    #endif
    return Report.Platform(swift: swiftVersion, os: os, cores: ProcessInfo.processInfo.activeProcessorCount)
  }

  private static var swiftVersion: String {
    #if swift(>=6.4)
    "6.4"
    #elseif swift(>=6.3)
    "6.3"
    #else
    "6.2"
    #endif
  }
}
