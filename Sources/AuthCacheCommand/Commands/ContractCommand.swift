internal import ArgumentParser
internal import AuthCacheConformance

struct ContractCommand: ParsableCommand {
  static var configuration: CommandConfiguration {
    let name = Invocation.current.name
    return CommandConfiguration(
      commandName: "contract",
      abstract: "Prints what every backend promises.",
      discussion: """
        The contract is its checks: each requirement with its consequence, its references, what a backend must declare \
        for it to bind, and the deliberately broken backends that prove the check.

        EXAMPLES:
          \(name) contract | less
          \(name) contract --format html > contract.html
          \(name) contract --format json | jq -r '.requirements[].id'
        """)
  }

  @Option(name: .long, help: "markdown, html or json.")
  var format: String = "markdown"

  mutating func run() throws {
    switch format {
    case "markdown": Output.standard.write(Contract.current.markdown)
    case "html": Output.standard.write(Contract.current.html)
    case "json": Output.standard.write(Contract.current.json)
    default: throw Names("format", ["markdown", "html", "json"]).fault(of: format)
    }
  }
}
