/// The contract as a document: every requirement in words, with the mutants that prove its check.
public struct Contract: Sendable, Codable {
  /// The version of the contract.
  public var contract: Int
  /// All requirements, by chapter.
  public var requirements: [Entry]

  /// One requirement.
  public struct Entry: Sendable, Codable, Hashable {
    public var id: String
    /// The chapter that it stands in.
    public var suite: String
    /// `must` or `conditional`.
    public var level: String
    /// What is required, as a sentence.
    public var statement: String
    /// What a breach costs a user.
    public var consequence: String
    /// Where to read about it: an RFC, a manual, an issue in the field.
    public var references: [String]
    /// What it needs of a backend to be asked of it.
    public var needs: [String]
    /// The deliberately broken backends that this requirement must catch.
    public var provenBy: [String]
  }

  /// The contract that these requirements make, and which mutants prove each of them.
  public init(version: Int = Requirement.contractVersion, requirements: [Requirement], mutants: [Mutant]) {
    contract = version
    let provenBy = Dictionary(grouping: mutants, by: \.boundTo).mapValues { $0.map(\.name).sorted() }
    self.requirements = requirements.map { requirement in
      Entry(
        id: requirement.id, suite: requirement.suite.rawValue, level: requirement.level.rawValue,
        statement: requirement.statement, consequence: requirement.consequence, references: requirement.references,
        needs: requirement.needs.map(\.description), provenBy: provenBy[requirement.id] ?? [])
    }
  }

  /// What this kit checks.
  public static let current = Contract(requirements: Requirement.all, mutants: Mutant.all)

  subscript(id: String) -> Entry? { requirements.first { $0.id == id } }

  /// The suites that have requirements, in the order of the table of contents.
  var chapters: [(title: String, suite: String, entries: [Entry])] {
    Report.ordered(suites: requirements.map(\.suite)).map { suite in
      (Report.title(of: suite), suite, requirements.filter { $0.suite == suite })
    }
  }
}
