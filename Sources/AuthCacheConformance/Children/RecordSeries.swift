package import AuthCache

/// Records that a parent and its children know by number without telling each other: all follow from one seed.
package struct RecordSeries: Sendable {
  let seed: UInt64
  let start: Timestamp
  let aliases: Bool

  package init(seed: UInt64, start: Timestamp, aliases: Bool) {
    self.seed = seed
    self.start = start
    self.aliases = aliases
  }

  /// The parent's series of a check.
  init(_ trial: Trial) {
    self.init(seed: trial.entropy.next(), start: trial.now, aliases: trial.properties.aliases)
  }

  /// The series that the parent described.
  init(_ context: ChildContext) throws {
    guard let seed = UInt64(try context.argument("seed")), let start = Int64(try context.argument("start")) else {
      throw Blocked("the child was told of no series of records")
    }
    self.init(
      seed: seed, start: Timestamp(millisecondsSinceEpoch: start), aliases: try context.argument("aliases") == "true")
  }

  /// What the child is told, with what is said besides.
  package func arguments(_ others: [String: String] = [:]) -> [String: String] {
    ["seed": "\(seed)", "start": "\(start.millisecondsSinceEpoch)", "aliases": "\(aliases)"]
      .merging(others) { $1 }
  }

  package func code(_ number: Int) -> Record { record(.code, number, aliased: false) }

  /// With both aliases where the store keeps them.
  package func session(_ number: Int) -> Record { record(.session, number, aliased: aliases) }

  /// How many steps a course has at most.
  static let steps = 4

  /// When a session ends that was extended.
  var laterEnd: Timestamp { start + .seconds(172_800) }

  /// What takes the place of a session, with the same tokens.
  func successor(_ number: Int) -> Record {
    let session = session(number)
    return session.replacing(revision: ~session.revision)
  }

  /// What is there after each step of a session's course: insertion, rotation, extension and end. Some go all the way,
  /// some are left in use, and some stay as they began.
  func course(_ number: Int) -> [Record?] {
    let course = [session(number), successor(number), successor(number).extended(to: laterEnd), nil]
    return Array(course.prefix(number % 3 == 2 ? 1 : number % 3 == 1 ? 3 : 4))
  }

  func batch(_ number: Int, size: Int) -> [Record] { (0..<size).map { session(number * size + $0) } }

  private func record(_ kind: RecordKind, _ number: Int, aliased: Bool) -> Record {
    // Drawn twice: neighbouring seeds of this generator give shifted copies of one sequence.
    var mixed = SeededGenerator(seed: seed ^ (UInt64(number) &* 0xD134_2543_DE82_EF95))
    let entropy = SeededEntropy(seed: mixed.next())
    func digest() -> RecordDigest {
      RecordDigest(words: (entropy.next(), entropy.next(), entropy.next(), entropy.next()))
    }
    return Record(
      kind: kind, digest: digest(), revision: entropy.next(), createdAt: start, expiresAt: start + .seconds(86_400),
      aliases: aliased ? Aliases(accessToken: digest(), refreshToken: digest()) : .none,
      groups: Groups(subject: digest()), payload: Payload(entropy.bytes(200)))
  }
}
