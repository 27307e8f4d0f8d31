public import AuthCache
package import Foundation

/// What a run came to, in the form that is written as JSON, version 1.
public struct Report: Sendable, Codable {
  public var format = 1
  public var contract: Int
  public var kit = Report.kitVersion
  public var seed: String
  public var started: String
  public var seconds: Double
  /// False if the run was ended early.
  public var complete: Bool
  public var platform: Platform
  public var subjects: [SubjectReport]
  /// Entries of the known-failures file that match no failure or are past their date, each with why.
  public var staleKnownFailures: [String]
  /// The backends that must not be blocked; nil if none of them may be.
  public var required: [String]?

  /// The version of the kit.
  public static let kitVersion = "0.1.0"

  public struct Platform: Sendable, Codable, Hashable {
    public var swift: String
    public var os: String
    public var cores: Int
  }

  public struct SubjectReport: Sendable, Codable {
    public var backend: String
    public var server: String?
    public var stack: String
    public var properties: [String: String]
    public var capabilities: [String]
    public var totals: [String: Int]
    public var results: [ResultReport]
  }

  public struct ResultReport: Sendable, Codable {
    public var id: String
    public var suite: String
    public var outcome: String
    public var milliseconds: Double
    public var reason: String?
    /// What was measured on the way, in one sentence; left out where nothing was.
    public var note: String?
    public var findings: [Finding]
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

  public enum Verdict: Int32, Sendable {
    case passed = 0
    case breached = 1
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
