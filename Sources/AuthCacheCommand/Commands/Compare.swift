internal import ArgumentParser
internal import AuthCacheConformance
internal import Foundation

struct Compare: ParsableCommand {
  static var configuration: CommandConfiguration {
    let name = Invocation.current.name
    return CommandConfiguration(
      commandName: "compare",
      abstract: "Says what broke, what was healed and what vanished between two reports.",
      discussion: """
        Ends with 1 if something that passed fails now, or is not asked any more.

        EXAMPLE:
          \(name) compare main/report.json report/report.json
        """)
  }

  @Argument(help: "The report.json of before.")
  var old: String

  @Argument(help: "The report.json of now.")
  var new: String

  mutating func run() throws {
    let comparison = ReportComparison(old: try Self.read(old), new: try Self.read(new))
    Output.standard.write(comparison.text(style: Terminal(.standard).style))
    if comparison.isRegression { throw ExitCode(ExitStatus.breached) }
  }

  private static func read(_ path: String) throws -> Report {
    let data: Data
    do { data = try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
      throw Fault.usage("“\(path)” can't be read: \(ReportFolder.reason(error)).")
    }
    do { return try Report(json: data) } catch { throw Fault.usage("“\(path)” \(error).") }
  }
}
