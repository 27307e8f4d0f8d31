/// One observed breach: what was done, what was expected and what was found.
public struct Finding: Sendable, Hashable, Codable {
  /// What is wrong, as a sentence.
  public var message: String
  /// What the requirement asks for.
  public var expected: String?
  /// What there was instead.
  public var found: String?
  /// The operations that led here, in order, with times.
  public var operations: [String]
  /// What usually causes it.
  public var likelyCause: String?
  /// The source file of the check.
  public var file: String?
  /// The line of that file.
  public var line: Int?

  /// A breach; only the message is required.
  public init(
    message: String, expected: String? = nil, found: String? = nil, operations: [String] = [],
    likelyCause: String? = nil, file: String? = nil, line: Int? = nil
  ) {
    self.message = message
    self.expected = expected
    self.found = found
    self.operations = operations
    self.likelyCause = likelyCause
    self.file = file
    self.line = line
  }
}

/// How a requirement ended on one subject.
public enum Outcome: Sendable, Hashable {
  /// The check found nothing wrong.
  case passed
  /// The check found these breaches.
  case failed([Finding])
  /// The backend does not declare this property or capability, or the factory offers no hook for it.
  case notDeclared(String)
  /// Something that the backend declares could not be reached.
  case blocked(String)
  /// Failed as the known-failures file says it would.
  case knownFailure(String, [Finding])
  /// Not asked, for a reason that is no fault of the backend.
  case notScored(String)

  /// The word that reports use.
  public var name: String {
    switch self {
    case .passed: "passed"
    case .failed: "failed"
    case .notDeclared: "notDeclared"
    case .blocked: "blocked"
    case .knownFailure: "knownFailure"
    case .notScored: "notScored"
    }
  }

  /// The words that reports use, in the order in which they show them.
  public static let names = ["passed", "failed", "notDeclared", "blocked", "knownFailure", "notScored"]

  /// Why, where an outcome has a reason.
  public var reason: String? {
    switch self {
    case .passed, .failed: nil
    case .notDeclared(let reason), .blocked(let reason), .knownFailure(let reason, _), .notScored(let reason): reason
    }
  }

  /// The breaches that were found; empty if none were.
  public var findings: [Finding] {
    switch self {
    case .failed(let findings), .knownFailure(_, let findings): findings
    default: []
    }
  }
}
