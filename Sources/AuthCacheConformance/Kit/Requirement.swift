/// One promise of the contract, as a value: what is promised, what its breach costs, and how it is checked.
///
/// ```swift
/// extension Requirement {
///   static let consumeOnce = Requirement(
///     "code.consume.once", .oneTime,
///     "Of many concurrent consumers of one code exactly one receives it.",
///     consequence: "Two callbacks redeem the same code and both are logged in.",
///     likelyCause: "The record is read in one call and deleted in another.",
///     references: ["RFC 6749 §4.1.2"]
///   ) { trial in
///     …
///   }
/// }
/// ```
public struct Requirement: Sendable, Identifiable {
  /// Stable for ever: three words, subject, operation and rule, in lower camel case: `code.consume.once`.
  public let id: String
  /// The chapter that it stands in.
  public let suite: Suite
  /// One sentence in the present tense.
  public let statement: String
  /// What a user suffers where it does not hold.
  public let consequence: String
  /// The mistake that most often breaks it.
  public let likelyCause: String
  /// RFC sections and public reports of real systems that got it wrong.
  public let references: [String]
  /// What a backend must declare, or its factory offer, for the requirement to bind it.
  public let needs: [Need]
  /// The version of the contract that it joined.
  public let since: Int
  /// How long the check may take from its admission, on the real clock.
  public let deadline: Duration

  let check: Check

  /// Throws, or records findings on the trial, where the promise is broken.
  public typealias Check = @Sendable (Trial) async throws -> Void

  /// A requirement, also of your own; see the properties.
  public init(
    _ id: String, _ suite: Suite, _ statement: String, consequence: String, likelyCause: String,
    references: [String] = [], needs: [Need] = [], since: Int = 1, deadline: Duration = .seconds(30),
    check: @escaping Check
  ) {
    self.id = id
    self.suite = suite
    self.statement = statement
    self.consequence = consequence
    self.likelyCause = likelyCause
    self.references = references
    self.needs = needs
    self.since = since
    self.deadline = deadline
    self.check = check
  }

  /// Whether it binds every backend or only those that declare what it needs.
  public enum Level: String, Sendable, Codable {
    /// Asked of every backend.
    case must
    /// Asked of backends that declare or offer what it needs.
    case conditional
  }

  /// Whether it is asked of every backend.
  public var level: Level { needs.isEmpty ? .must : .conditional }

  /// The version of the contract that this kit checks.
  public static let contractVersion = 1
}

extension Requirement: Hashable, CustomStringConvertible {
  public static func == (a: Requirement, b: Requirement) -> Bool { a.id == b.id }
  public func hash(into hasher: inout Hasher) { hasher.combine(id) }
  public var description: String { "\(id): \(statement)" }
}
