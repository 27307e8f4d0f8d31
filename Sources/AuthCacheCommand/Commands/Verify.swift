internal import ArgumentParser
internal import AuthCache
internal import AuthCacheConformance
internal import Foundation

struct Verify: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    let name = Invocation.current.name
    return CommandConfiguration(
      commandName: "verify",
      abstract: "Checks that backends keep the contract.",
      discussion: """
        Every requirement is asked of every backend that declares what it needs; what is not asked is in the report, \
        with the reason. Each check has a store of its own and a clock that is moved, not waited for.

        EXAMPLES:
          \(name) verify
          \(name) verify --backend memory --suite one-time --suite expiry
          \(name) verify --requirement code.consume.once --seed 42 --repeat 100
          \(name) verify --ephemeral --backend postgres,mysql
          \(name) verify --url sqlite:/var/lib/app/auth.db
          \(name) verify --backend sqlite --stack cached+buffered
          \(name) verify --report report --known-failures known.json
          \(name) verify --format json | jq '.subjects[].totals'

        --ephemeral starts a server of its own for every backend that can have one and has no address, from the \
        programs on this machine, as an unprivileged user in a temporary folder. Nothing is left of it, also after \
        Ctrl-C.

        An address with a password had better stand in the environment, as AUTHCACHE_POSTGRES_URL or \
        AUTHCACHE_MYSQL_URL: after --url a list of processes shows it for a moment, until this program has hidden it.

        A failure prints the command that repeats it. The seed decides everything random in a run.
        """)
  }

  @Option(
    name: .long, parsing: .upToNextOption, help: "Backends: \(Names.howToWrite). Default: all that need no server.")
  var backend: [String] = []

  @Option(
    name: .long,
    help: "The address of a store; its scheme says which backend. Verifies inside that store and tidies up after.")
  var url: [String] = []

  @Flag(name: .long, help: "Start a server for the run for each backend that can have one. All of them by default.")
  var ephemeral = false

  @Option(
    name: .long, parsing: .upToNextOption,
    help: """
      Layers over the backend from the top down, such as cached or cached+buffered, or “all”: \(Names.howToWrite). \
      Default: plain.
      """)
  var stack: [String] = []

  @Option(name: .long, parsing: .upToNextOption, help: "Chapters of the contract: \(Names.howToWrite).")
  var suite: [String] = []

  @Option(name: .long, parsing: .upToNextOption, help: "Ids of requirements: \(Names.howToWrite).")
  var requirement: [String] = []

  @Option(name: .long, help: "Score only what the contract held in this version.")
  var contractVersion: Int = Requirement.contractVersion

  @Option(
    name: .long, parsing: .upToNextOption,
    help: "Backends that must not be blocked; others then may be: \(Names.howToWrite). Default: none may be.")
  var require: [String] = []

  @Option(name: .long, help: "A JSON file of failures that are accepted for the time being.")
  var knownFailures: String?

  @Option(name: .long, help: "The number from which everything random in the run follows. Default: a random one.")
  var seed: UInt64?

  @Option(name: .customLong("repeat"), help: "How often each check runs, each time under the next seed.")
  var repetitions: Int = 1

  @Option(name: .long, help: "How many checks run at once. Default: the number of cores.")
  var jobs: Int?

  @Option(name: .long, help: "A folder for the reports, in every format.")
  var report: String?

  @Option(name: .long, help: "What goes to standard output: text, json, junit, markdown or html.")
  var format: String = ReportFormat.text.rawValue

  mutating func run() async throws {
    let plan = try plan()
    let folder = try report.map(ReportFolder.init(path:))
    let subjects = plan.subjects
    let seed = seed ?? SystemEntropy().next() % 1_000_000
    let terminal = Terminal(.error)
    let progress = Progress(subjects, requirements: plan.requirements.count, on: terminal)
    var runner = Runner(
      requirements: plan.requirements, seed: seed, jobs: jobs, repeats: repetitions,
      contractVersion: contractVersion, knownFailures: plan.knownFailures, children: .current,
      program: Invocation.current.program)
    runner.onEvent = { progress.tell($0) }
    let announcement =
      "Verifying \(subjects.map(\.description).joined(separator: ", ")): "
      + "\(plan.requirements.count) requirements, \(runner.jobs) at a time, seed \(seed)"

    let (report, interruption) = await Self.interruptible { [runner] in
      let stores = await EphemeralStores.start(for: subjects) { progress.begin($0) }
      progress.begin(announcement)
      let report = await runner.run(stores.subjects)
      await stores.end()
      return report
    }
    progress.end()
    try finish(report, plan, folder, interruption)
  }

  private struct Plan {
    let subjects: [Subject]
    let requirements: [Requirement]
    let knownFailures: KnownFailures
    let format: ReportFormat
    let required: [String]?
  }

  /// Everything that can be wrong with the words is found here, before anything runs.
  private func plan() throws -> Plan {
    let selection = Subjects(
      backends: backend.words, urls: url, stacks: stack.words, required: require.words,
      isEphemeral: ephemeral)
    guard let format = ReportFormat(rawValue: format) else {
      throw Names("format", ReportFormat.allCases.map(\.rawValue)).fault(of: format)
    }
    guard (1...Requirement.contractVersion).contains(contractVersion) else {
      throw Fault.usage(
        "There is no contract version \(contractVersion). Valid: "
          + "\((1...Requirement.contractVersion).map(String.init).joined(separator: ", ")).")
    }
    if repetitions < 1 { throw Fault.usage("--repeat needs a number of at least 1, not \(repetitions).") }
    if let jobs, jobs < 1 { throw Fault.usage("--jobs needs a number of at least 1, not \(jobs).") }
    return Plan(
      subjects: try selection.all(),
      requirements: try RequirementChoice(suites: suite.words, ids: requirement.words).requirements(),
      knownFailures: try knownFailures.map(KnownFailures.init(path:)) ?? .none, format: format,
      required: require.isEmpty ? nil : require.words)
  }

  private static func interruptible(
    _ body: @escaping @Sendable () async -> Report
  ) async -> (Report, interruption: Int32?) {
    // Nothing begins before the handler is in place: an early Ctrl-C would leave a folder behind.
    let (ready, handler) = AsyncStream<Void>.makeStream()
    let work = Task {
      for await _ in ready {}
      return await body()
    }
    let interrupts = Interrupts()
    interrupts.watch(
      first: {
        Output.error.write("\nInterrupted: putting things away. Once more to end at once.\n")
        work.cancel()
      },
      last: { CheckFolders.removeAll() })
    handler.finish()
    let report = await work.value
    CheckFolders.removeAll()
    return (report, interrupts.status)
  }

  private func finish(
    _ report: Report, _ plan: Plan, _ folder: ReportFolder?, _ interruption: Int32?
  ) throws {
    var report = report
    report.required = plan.required
    Output.standard.write(report.rendered(as: plan.format, style: Terminal(.standard).style))
    if let folder {
      try folder.write(report)
      Output.error.write("Reports are in \(folder.path); to read: \(folder.path)/\(ReportFormat.html.fileName)\n")
    }
    if let interruption { throw ExitCode(interruption) }
    throw ExitCode(report.verdict.rawValue)
  }
}
