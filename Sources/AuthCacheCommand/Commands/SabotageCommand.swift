internal import ArgumentParser
internal import AuthCacheConformance

struct SabotageCommand: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    let name = Invocation.current.name
    return CommandConfiguration(
      commandName: "sabotage",
      abstract: "Shows that the kit catches what it must: broken backends, one mistake each.",
      discussion: """
        Each mutant is a backend with one mistake that a real system made, bound to the requirement that must catch \
        it. Ends with 1 if one survives, or if some requirement was never seen failing.

        EXAMPLES:
          \(name) sabotage
          \(name) sabotage --only consume-reads-then-deletes
          \(name) sabotage --format json | jq '.mutants[] | select(.caught | not)'
        """)
  }

  @Option(name: .long, help: "text or json.")
  var format: String = "text"

  @Option(name: .long, parsing: .upToNextOption, help: "Mutants: \(Names.howToWrite). Default: all.")
  var only: [String] = []

  mutating func run() async throws {
    let formats = Names("format", ["text", "json"])
    guard ["text", "json"].contains(format) else { throw formats.fault(of: format) }
    let chosen = only.words
    try Names(
      "mutant", Mutant.all.map(\.name), source: "“\(Invocation.current.name) sabotage --format json” lists all."
    ).check(chosen)
    let mutants = chosen.isEmpty ? Mutant.all : Mutant.all.filter { chosen.contains($0.name) }
    let terminal = Terminal(.error)
    let report = await SabotageReport.run(mutants: mutants, children: .current) { done, total in
      if terminal.isLive {
        terminal.output.write("\r\u{1B}[K\(done)/\(total) mutants" + (done == total ? "\r\u{1B}[K" : ""))
      } else if done % 20 == 0 || done == total {
        terminal.output.write("\(done)/\(total) mutants\n")
      }
    }
    var shown = report
    // What a few mutants do not break is no finding: the others do.
    if !chosen.isEmpty { shown.requirementsNeverSeenFailing = [] }
    Output.standard.write(format == "json" ? report.json : shown.text(style: Terminal(.standard).style))
    if !report.isComplete || !shown.requirementsNeverSeenFailing.isEmpty { throw ExitCode(ExitStatus.breached) }
  }
}
