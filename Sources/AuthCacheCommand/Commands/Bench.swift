internal import ArgumentParser
internal import AuthCache
internal import AuthCacheConformance
internal import AuthCacheServers
internal import Foundation

struct Bench: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    let name = Invocation.current.name
    return CommandConfiguration(
      commandName: "bench",
      abstract: "Measures backends against the least that their work can cost.",
      discussion: """
        Each case is a ratio: the backend on one side, its raw client on the other, in turns in one run. Medians are \
        shown, and how far the rounds spread. Build with -c release. The exit status says nothing about speed.

        EXAMPLES:
          \(name) bench --quick
          \(name) bench --only memory-hit --only sqlite-read-one-task
          \(name) bench --backend sqlite --report report
          \(name) bench --ephemeral --backend postgres,mysql
          \(name) bench --only cache-hit-ratio --traces traces

        --ephemeral starts a server of its own for every backend that can have one and has no address. Where \
        redis-server is installed, what Redis reaches with the same operations is shown beside the databases: it is a \
        server too, and nothing of it is durable here. It alone: --only redis.

        cache-hit-ratio replays generated traces of accesses, and those that --traces names: a folder of *.txt, a \
        number for each key that was asked for, one a line. Nothing in it is timed; it comes to the same every time.
        """)
  }

  @Option(
    name: .long, parsing: .upToNextOption, help: "Backends: \(Names.howToWrite). Default: all that need no server.")
  var backend: [String] = []

  @Option(name: .long, help: "The address of a store; its scheme says which backend.")
  var url: [String] = []

  @Flag(name: .long, help: "Starts servers of its own, and ends them.")
  var ephemeral = false

  @Option(name: .long, parsing: .upToNextOption, help: "Cases: \(Names.howToWrite). Default: all.")
  var only: [String] = []

  @Flag(name: .long, help: "A tenth of the work in a third of the rounds.")
  var quick = false

  @Option(name: .long, help: "The number from which the data follows.")
  var seed: UInt64 = 42

  @Option(name: .long, help: "A folder of recorded accesses, for cache-hit-ratio.")
  var traces: String?

  @Option(name: .long, help: "A folder for the reports: bench.json, bench.html and bench.txt.")
  var report: String?

  @Option(name: .long, help: "text, json or html.")
  var format: String = "text"

  mutating func run() async throws {
    try Names("format", ["text", "json", "html"]).check([format])
    let subjects = try Subjects(backends: backend.words, urls: url, isEphemeral: ephemeral).all()
    // What is wrong with the words is found before a server is started, and only those are started that are measured.
    let names = Set(try chosen(subjects).map(\.name))
    let measured = subjects.filter { subject in benchmarks(of: subject).contains { names.contains($0.name) } }
    if only.words.contains(Self.redis), let missing = ThrowawayRedis.whatIsMissing { throw Fault.blocked(missing) }
    if let traces, !FileManager.default.isReadableFile(atPath: traces) {
      throw Fault.usage("There is no folder \(traces) that can be read.")
    }
    let folder = try report.map(ReportFolder.init(path:))
    let terminal = Terminal(.error)
    let scale = BenchmarkScale(
      isQuick: quick, seed: seed, traces: traces.map { URL(fileURLWithPath: $0, isDirectory: true) })
    let (clock, started) = (ContinuousClock(), Date())
    let begin = clock.now
    Interrupts().watch(patience: 0, first: {}, last: { CheckFolders.removeAll() })
    let stores = await EphemeralStores.start(for: measured) { terminal.output.write($0 + "\n") }
    let outcome: Result<Benchmark.Finding, any Error>
    do { outcome = .success(try await measure(chosen(stores.subjects), scale, terminal)) } catch {
      outcome = .failure(error)
    }
    await stores.end()
    let found = try outcome.get()
    let asksForRedis =
      only.isEmpty ? subjects.contains { !$0.factory.embedded } : only.words.contains(Self.redis)
    let redis = asksForRedis ? await RedisFigures.measure(isQuick: quick) : nil
    if terminal.isLive { terminal.output.write("\r\u{1B}[K") }
    let result = BenchReport(
      seed: seed, started: started.formatted(.iso8601), seconds: (clock.now - begin) / .seconds(1),
      isOptimised: Self.isOptimised, cases: found.cases, hitRatios: found.hitRatios.isEmpty ? nil : found.hitRatios,
      beside: redis)
    Output.standard.write(
      format == "json" ? result.json : format == "html" ? result.html : result.text(style: Terminal(.standard).style))
    try folder?.write([
      ("bench.json", result.json), ("bench.html", result.html), ("bench.txt", result.text()),
    ])
  }

  private func measure(
    _ benchmarks: [Benchmark], _ scale: BenchmarkScale, _ terminal: Terminal
  ) async throws -> Benchmark.Finding {
    var found = Benchmark.Finding(cases: [])
    for (number, benchmark) in benchmarks.enumerated() {
      let line = "\(number + 1)/\(benchmarks.count)  \(benchmark.name)"
      terminal.output.write(terminal.isLive ? "\r\u{1B}[K\(line)" : line + "\n")
      do {
        let next = try await benchmark.run(scale)
        found.cases += next.cases
        found.hitRatios += next.hitRatios
      } catch let fault as Fault { throw fault } catch {
        throw Fault.blocked("\(benchmark.name) could not be measured: \(Fault.reason(error))")
      }
    }
    return found
  }

  private func chosen(_ subjects: [Subject]) throws -> [Benchmark] {
    let all = subjects.flatMap(benchmarks)
    try Names("case", all.map(\.name) + [Self.redis]).check(only.words)
    let chosen = only.isEmpty ? all : all.filter { only.words.contains($0.name) }
    if chosen.isEmpty, only.isEmpty { throw Fault.usage("None of these backends has a case to measure.") }
    return chosen
  }

  private func benchmarks(of subject: Subject) -> [Benchmark] {
    (subject.factory.name == "memory" ? Self.memoryCases : [])
      + Benchmark.cases(of: subject.factory, url: subject.url)
  }

  /// What is measured beside the cases, as a word after `--only`.
  private static let redis = "redis"

  private static let memoryCases =
    Benchmark.memory + Benchmark.buffer + Benchmark.cache + Benchmark.hitRatio + Benchmark.size

  private static var isOptimised: Bool {
    #if DEBUG
    false
    #else
    true
    #endif
  }
}
