public import Foundation

/// The failures that a team has accepted for the time being.
///
/// A JSON array of `{"id": …, "backend": …, "stack": …, "reason": …, "until": "2027-01-31"}`; `*` matches any backend or
/// stack. An entry that matches no failure, or is past its date, is stale, and a stale entry fails the run.
public struct KnownFailures: Sendable {
  /// All of them.
  public let entries: [Entry]

  /// These entries.
  public init(_ entries: [Entry]) { self.entries = entries }

  /// Nothing is accepted.
  public static let none = KnownFailures([])

  /// One accepted failure.
  public struct Entry: Sendable, Hashable, Codable {
    public let id: String
    /// The name of the backend; `*` for any.
    public let backend: String
    /// The name of the stack; `*` for any.
    public let stack: String
    /// Why it is accepted.
    public let reason: String
    /// The last day on which it counts, `yyyy-MM-dd` in UTC; nil if it has none.
    public let until: String?

    /// An accepted failure of any backend and stack, unless they are named.
    public init(id: String, backend: String = "*", stack: String = "*", reason: String, until: String? = nil) {
      self.id = id
      self.backend = backend
      self.stack = stack
      self.reason = reason
      self.until = until
    }

    public init(from decoder: any Decoder) throws {
      let fields = try decoder.container(keyedBy: CodingKeys.self)
      id = try fields.decode(String.self, forKey: .id)
      backend = try fields.decodeIfPresent(String.self, forKey: .backend) ?? "*"
      stack = try fields.decodeIfPresent(String.self, forKey: .stack) ?? "*"
      reason = try fields.decode(String.self, forKey: .reason)
      until = try fields.decodeIfPresent(String.self, forKey: .until)
      if let until, until.wholeMatch(of: /\d{4}-\d{2}-\d{2}/) == nil {
        throw DecodingError.dataCorruptedError(
          forKey: .until, in: fields, debugDescription: "“until” is a day such as 2027-01-31, not “\(until)”")
      }
    }

    func matches(_ id: String, backend: String, stack: String) -> Bool {
      self.id == id && (self.backend == "*" || self.backend == backend) && (self.stack == "*" || self.stack == stack)
    }
  }

  /// Reads the JSON array.
  public init(json: Data) throws { entries = try JSONDecoder().decode([Entry].self, from: json) }

  func reason(for id: String, on subject: Subject) -> String? {
    entries.first { $0.matches(id, backend: subject.factory.name, stack: subject.stack.name) }?.reason
  }

  /// The entries that a run has shown to be stale, each with why. An entry whose requirement or backend was not in the
  /// run is not judged by its matches, only by its date.
  package func stale(in reports: [Report.SubjectReport], ran: Set<String>, today: Date) -> [String] {
    let day = today.formatted(.iso8601.year().month().day())
    return entries.compactMap { entry in
      if let until = entry.until, until < day { return "\(entry.id): accepted until \(until) only" }
      let concerned = reports.filter {
        (entry.backend == "*" || entry.backend == $0.backend) && (entry.stack == "*" || entry.stack == $0.stack)
      }
      guard ran.contains(entry.id), !concerned.isEmpty else { return nil }
      let failed = concerned.contains { $0.results.contains { $0.id == entry.id && $0.outcome == "knownFailure" } }
      return failed ? nil : "\(entry.id) on \(entry.backend): no longer fails; take the entry out"
    }
  }
}
