internal import AuthCache
internal import AuthCacheConformance
internal import Foundation
internal import Synchronization
internal import Testing

/// Everything that the test cases of this process have in common.
final class TestRun: Sendable {
  static let current = TestRun(Settings(ProcessInfo.processInfo.environment))

  let settings: Settings
  private let gate: Gate
  private let started = Date()
  private let state = Mutex(State())

  private typealias Inspected = Result<Declaration, Blocked>

  private struct State {
    var inspections: [SubjectName: Task<Inspected, Never>] = [:]
    var subjects: [(name: SubjectName, subject: Subject, inspected: Inspected, results: [Runner.Result])] = []
    var reportsAtExit = false
  }

  private struct SubjectName: Hashable {
    let backend: String
    let stack: String
    let url: String?

    init(_ subject: Subject) {
      backend = subject.factory.name
      stack = subject.stack.name
      url = subject.url
    }
  }

  init(_ settings: Settings) {
    self.settings = settings
    gate = Gate(width: ProcessInfo.processInfo.activeProcessorCount)
  }

  /// Waits to be admitted, checks the requirement once, and remembers the result for the report.
  func result(of requirement: Requirement, on subject: Subject, child: ChildLauncher?) async -> Runner.Result {
    let inspected = await inspection(of: subject).value
    let runner = Runner(
      requirements: [requirement], seed: settings.seed, knownFailures: settings.knownFailures, children: child)
    let result = await gate.admit { await runner.result(of: requirement, on: subject, inspected) }
    remember(result, subject, inspected)
    return result
  }

  /// What a subject declares, asked once. In a task of its own: a case that is cancelled takes it from no other.
  private func inspection(of subject: Subject) -> Task<Inspected, Never> {
    state.withLock { state in
      let name = SubjectName(subject)
      if let running = state.inspections[name] { return running }
      let task = Task.detached { () -> Inspected in
        do { return .success(try await subject.inspect()) } catch {
          return .failure(error as? Blocked ?? Blocked("\(error)"))
        }
      }
      state.inspections[name] = task
      return task
    }
  }

  private func remember(_ result: Runner.Result, _ subject: Subject, _ inspected: Inspected) {
    state.withLock { state in
      let name = SubjectName(subject)
      if let index = state.subjects.firstIndex(where: { $0.name == name }) {
        state.subjects[index].results.append(result)
      } else {
        state.subjects.append((name, subject, inspected, [result]))
      }
      guard settings.reports != nil, !state.reportsAtExit else { return }
      state.reportsAtExit = true
      atexit { TestRun.current.writeReports() }
    }
  }

  /// What was checked so far, in the order of the contract.
  var report: Report {
    let subjects = state.withLock { $0.subjects }
    let order = Dictionary(uniqueKeysWithValues: Requirement.all.enumerated().map { ($1.id, $0) })
    let reports = subjects.map { _, subject, inspected, results in
      Report.SubjectReport(
        subject, inspected,
        results: results.sorted {
          (order[$0.requirement.id] ?? .max, $0.requirement.id) < (order[$1.requirement.id] ?? .max, $1.requirement.id)
        })
    }
    let ran = Set(subjects.flatMap { $0.results.map(\.requirement.id) })
    return Report(
      seed: settings.seed, contract: Requirement.contractVersion, started: started,
      seconds: Date().timeIntervalSince(started), complete: true, subjects: reports,
      staleKnownFailures: settings.knownFailures.stale(in: reports, ran: ran, today: started))
  }

  private func writeReports() {
    guard let folder = settings.reports else { return }
    do {
      try write(report, into: URL(fileURLWithPath: folder, isDirectory: true))
    } catch {
      FileHandle.standardError.write(Data("no report in \(folder): \(error.localizedDescription)\n".utf8))
    }
  }

  func write(_ report: Report, into folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for format in ReportFormat.allCases {
      let file = folder.appendingPathComponent(format.fileName)
      try Data(report.rendered(as: format).utf8).write(to: file, options: .atomic)
    }
  }

  /// Everything that a failure has to teach, as the text of an issue.
  func lesson(of result: Runner.Result, on subject: Subject) -> String {
    Lesson(result: result, subject: subject, seed: settings.seed, test: Test.current).text
  }
}
