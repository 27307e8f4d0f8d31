internal import ArgumentParser
internal import AuthCacheConformance

struct Schema: ParsableCommand {
  static var configuration: CommandConfiguration {
    let name = Invocation.current.name
    return CommandConfiguration(
      commandName: "schema",
      abstract: "Prints the schema of a backend as SQL.",
      discussion: """
        The backends make and migrate their schema themselves. This is for whoever lets nobody but themselves do so.

        EXAMPLE:
          \(name) schema --backend sqlite --table auth_records
          \(name) schema --backend postgres --announce-changes
        """)
  }

  @Option(name: .long, help: "A backend that has a schema.")
  var backend: String

  @Option(name: .long, help: "The name of the table: letters, digits and underscores, at most 48.")
  var table: String?

  @Flag(name: .long, help: "With what announces changes to other processes.")
  var announceChanges = false

  mutating func run() throws {
    let registry = Invocation.current.backends
    let having = registry.factories.filter { $0.tools.schema != nil }.map(\.name)
    try Names("backend", registry.names).check([backend])
    guard let schema = registry[backend]?.tools.schema else {
      throw Fault.usage(
        "\(backend) has no schema. "
          + (having.isEmpty ? "No backend here has one." : "Valid: \(having.joined(separator: ", "))."))
    }
    guard let schema = announceChanges ? registry[backend]?.tools.announcingSchema : schema else {
      throw Fault.usage("\(backend) has no schema that announces changes.")
    }
    let text: String
    do { text = try schema(table) } catch {
      throw Fault.usage("“\(table ?? "")” can't be the name of a table: \(Fault.reason(error))")
    }
    Output.standard.write(text.hasSuffix("\n") ? text : text + "\n")
  }
}
