public import AuthCache
internal import Foundation
internal import Synchronization

/// Runs requirements over subjects and makes the report.
///
/// ```swift
/// let report = await Runner(requirements: Requirement.all).run([Subject(.memory)])
/// ```
public struct Runner: Sendable {
  /// What is asked, of every subject.
  public var requirements: [Requirement]
  /// The whole run follows from it: the order of the checks and everything random within them.
  public var seed: UInt64
  /// How many checks run at once.
  public var jobs: Int
  /// How often each check runs, every time under the next seed.
  public var repeats: Int
  /// Requirements that joined the contract later than this are not scored.
  public var contractVersion: Int
  /// The failures that are accepted for the time being.
  public var knownFailures: KnownFailures
  /// Starts child processes; nil where no executable is known.
  public var children: ChildLauncher?
  /// The words that a replay command begins with.
  public var program: String
  /// Called for every step, from any thread.
  public var onEvent: @Sendable (RunEvent) -> Void

  /// Everything has a default; see the properties. As many checks run at once as there are processors.
  public init(
    requirements: [Requirement] = Requirement.all, seed: UInt64 = SystemEntropy().next() % 1_000_000, jobs: Int? = nil,
    repeats: Int = 1, contractVersion: Int = Requirement.contractVersion, knownFailures: KnownFailures = .none,
    children: ChildLauncher? = nil, program: String = "authcache",
    onEvent: @escaping @Sendable (RunEvent) -> Void = { _ in }
  ) {
    self.requirements = requirements
    self.seed = seed
    self.jobs = jobs ?? ProcessInfo.processInfo.activeProcessorCount
    self.repeats = max(1, repeats)
    self.contractVersion = contractVersion
    self.knownFailures = knownFailures
    self.children = children
    self.program = program
    self.onEvent = onEvent
  }

  /// Runs every requirement on every subject. Cancelling the task ends the run early, with an incomplete report.
  public func run(_ subjects: [Subject]) async -> Report {
    let started = Date()
    let clock = ContinuousClock()
    let begin = clock.now
    let inspected = await inspect(subjects)
    var results = [[Int: Result]](repeating: [:], count: subjects.count)

    var work = subjects.indices.flatMap { subject in requirements.indices.map { (subject, $0) } }
    var generator = SeededGenerator(seed: seed)
    work.shuffle(using: &generator)
    await withTaskGroup(of: (Int, Int, Result).self) { group in
      var waiting = work.makeIterator()
      func startNext() {
        guard !Task.isCancelled, let (subject, requirement) = waiting.next() else { return }
        group.addTask {
          let result = await self.result(of: requirements[requirement], on: subjects[subject], inspected[subject])
          return (subject, requirement, result)
        }
      }
      for _ in 0..<max(1, jobs) { startNext() }
      for await (subject, requirement, result) in group {
        results[subject][requirement] = result
        onEvent(.finished(result, subjects[subject]))
        startNext()
      }
    }

    let reports = subjects.indices.map { index in
      Report.SubjectReport(
        subjects[index], inspected[index], results: requirements.indices.compactMap { results[index][$0] })
    }
    let ran = Set(requirements.map(\.id))
    return Report(
      seed: seed, contract: contractVersion, started: started, seconds: (clock.now - begin) / .seconds(1),
      complete: !Task.isCancelled && results.allSatisfy { $0.count == requirements.count }, subjects: reports,
      staleKnownFailures: knownFailures.stale(in: reports, ran: ran, today: started))
  }

  /// One requirement on one subject, `repeats` times.
  public func result(of requirement: Requirement, on subject: Subject) async -> Result {
    let inspected = await inspect([subject])
    return await result(of: requirement, on: subject, inspected[0])
  }

  private func inspect(_ subjects: [Subject]) async -> [Swift.Result<Declaration, Blocked>] {
    var inspected: [Swift.Result<Declaration, Blocked>] = []
    for subject in subjects {
      do {
        let declaration = try await subject.inspect()
        inspected.append(.success(declaration))
      } catch {
        inspected.append(.failure(error as? Blocked ?? Blocked("\(error)")))
      }
      onEvent(.inspected(subject, inspected[inspected.count - 1]))
    }
    return inspected
  }

  package func result(
    of requirement: Requirement, on subject: Subject, _ inspected: Swift.Result<Declaration, Blocked>
  ) async -> Result {
    let clock = ContinuousClock()
    let begin = clock.now
    var (outcome, note) = (Outcome.passed, String?.none)
    var last = seed
    onEvent(.started(requirement, subject))
    switch inspected {
    case .failure(let blocked): outcome = .blocked(blocked.reason)
    case .success where requirement.since > contractVersion:
      outcome = .notScored("joined the contract in version \(requirement.since)")
    case .success(let declaration):
      for repetition in 0..<repeats {
        last = seed &+ UInt64(repetition)
        (outcome, note) = await CheckRun(
          requirement: requirement, subject: subject, declaration: declaration,
          seed: Self.seed(last, requirement, subject), children: children
        ).run()
        if outcome != .passed || Task.isCancelled { break }
      }
    }
    if case .failed(let findings) = outcome, let known = knownFailures.reason(for: requirement.id, on: subject) {
      outcome = .knownFailure(known, findings)
    }
    return Result(
      requirement: requirement, outcome: outcome, note: note, milliseconds: (clock.now - begin) / .milliseconds(1),
      replay: outcome.findings.isEmpty ? nil : replay(requirement, subject, seed: last))
  }

  private func replay(_ requirement: Requirement, _ subject: Subject, seed: UInt64) -> String {
    var words = [program, "verify", "--backend", subject.factory.name]
    if subject.stack != .plain { words += ["--stack", subject.stack.name] }
    if subject.isEphemeral {
      words.append("--ephemeral")
    } else if let url = subject.url {
      words += ["--url", "'\(Redaction.password(in: url))'"]
    }
    words += ["--requirement", requirement.id, "--seed", "\(seed)"]
    return words.joined(separator: " ")
  }

  /// The check's own seed: the same for the same run seed, requirement and subject, whatever else runs.
  private static func seed(_ seed: UInt64, _ requirement: Requirement, _ subject: Subject) -> UInt64 {
    // FNV-1a, because Hasher is seeded anew in every process.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in "\(seed)|\(requirement.id)|\(subject)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash
  }

  /// What one requirement came to on one subject.
  public struct Result: Sendable {
    /// What was asked.
    public let requirement: Requirement
    /// How it ended.
    public let outcome: Outcome
    /// What was measured on the way; nil if nothing was.
    public let note: String?
    /// How long it took, in milliseconds.
    public let milliseconds: Double
    /// The command that does it again; nil if nothing was found.
    public let replay: String?
  }
}

/// What a run tells while it goes on.
public enum RunEvent: Sendable {
  /// A subject was opened to see what it declares, or could not be.
  case inspected(Subject, Swift.Result<Declaration, Blocked>)
  /// A check began.
  case started(Requirement, Subject)
  /// A check ended.
  case finished(Runner.Result, Subject)
}

/// Takes the password out of an address before it is printed.
public enum Redaction {
  /// `postgres://user:secret@host/db` becomes `postgres://user:…@host/db`; also `password=` and `pass=` in a query.
  public static func password(in url: String) -> String {
    url.replacing(/(:\/\/[^:\/@?]*):[^@\/]*@/) { "\($0.1):…@" }
      .replacing(/(?i)([?&](?:password|pass|pwd)=)[^&#]*/) { "\($0.1)…" }
  }
}
