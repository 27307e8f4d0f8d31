internal import ArgumentParser
internal import AuthCacheConformance

/// Plays a part in a check that needs more than one process. What part, it is told on its standard input.
struct Child: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "child", abstract: "Plays a part in a check that needs several processes.", shouldDisplay: false)
  }

  mutating func run() async throws {
    let status = await ChildScenario.runFromStandardInput(registry: Invocation.current.backends)
    throw ExitCode(status)
  }
}
