internal import ArgumentParser
internal import AuthCacheConformance

struct Root: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    let name = Invocation.current.name
    return CommandConfiguration(
      commandName: name,
      abstract: "Verifies stores of login states, codes and sessions against one contract.",
      discussion: """
        EXAMPLES:
          \(name) verify                              every backend without a server
          \(name) verify --suite one-time --seed 42   one chapter, repeatable
          \(name) verify --report report              with reports: HTML, JSON, …
          \(name) contract --format html > contract.html
          \(name) compare old/report.json report/report.json

        EXIT STATUS:
          0  all that was required passed
          1  a requirement was breached, or a known failure went stale
          2  the command's words are off
          3  something required could not be reached, or nothing was executed
          130, 143  ended by Ctrl-C, by SIGTERM: whatever was started is put away first

        BACKENDS: \(Invocation.current.backends.names.joined(separator: ", "))
        """,
      version: "\(name) \(Report.kitVersion), contract version \(Requirement.contractVersion)",
      subcommands: subcommands
    )
  }

  static let subcommands: [any ParsableCommand.Type] = [
    Verify.self, ContractCommand.self, SabotageCommand.self, Bench.self, Compare.self, Schema.self, Doctor.self,
    Child.self,
  ]

  /// What is wrong with the first word, nil if it is an option or a subcommand.
  static func fault(ofSubcommand word: String) -> Fault? {
    guard !word.hasPrefix("-"), word != "help" else { return nil }
    let names = subcommands.filter { $0.configuration.shouldDisplay }.compactMap { $0.configuration.commandName }
    guard !names.contains(word), word != Child.configuration.commandName else { return nil }
    return Names("subcommand", names).fault(of: word)
  }
}
