/// One observed breach: what was done, what was expected and what was found.
public struct Finding: Sendable, Hashable, Codable {
  public var message: String
  public var expected: String?
  public var found: String?
  /// The operations that led here, in order, with times.
  public var operations: [String]
  public var likelyCause: String?
  public var file: String?
  public var line: Int?

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
  case passed
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

  public static let names = ["passed", "failed", "notDeclared", "blocked", "knownFailure", "notScored"]

  public var reason: String? {
    switch self {
    case .passed, .failed: nil
    case .notDeclared(let reason), .blocked(let reason), .knownFailure(let reason, _), .notScored(let reason): reason
    }
  }

  public var findings: [Finding] {
    switch self {
    case .failed(let findings), .knownFailure(_, let findings): findings
    default: []
    }
  }
}
