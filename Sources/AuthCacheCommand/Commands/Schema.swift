internal import ArgumentParser
internal import AuthCacheConformance

struct Schema: ParsableCommand {
  static var configuration: CommandConfiguration {
    let name = Invocation.current.name
    return CommandConfiguration(
      commandName: "schema",
      abstract: "Prints the schema of a backend as SQL.",
      discussion: """
        The backends make and migrate their schema themselves. This is for whoever lets nobody but themselves do so: \
        read it, and pipe it into the database's own client. To run it again is harmless.

        What it is printed with has to be what the backends are configured with.

        EXAMPLES:
          \(name) schema --backend postgres | psql -v ON_ERROR_STOP=1 …
          \(name) schema --backend mysql --table-per-kind | mariadb …
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

  @Flag(name: .long, help: "A table for each kind.")
  var tablePerKind = false

  @Flag(
    name: .long, help: "PostgreSQL: tables outside the write-ahead log; after a crash of the server they are empty.")
  var unlogged = false

  @Flag(name: .long, help: "PostgreSQL: a column with the payload as JSON, for a store that seals nothing.")
  var jsonPayload = false

  mutating func run() throws {
    let registry = Invocation.current.backends
    let having = registry.factories.filter { $0.tools.schema != nil }.map(\.name)
    try Names("backend", registry.names).check([backend])
    guard let tools = registry[backend]?.tools, let schema = tools.schema else {
      throw Fault.usage(
        "\(backend) has no schema. "
          + (having.isEmpty ? "No backend here has one." : "Valid: \(having.joined(separator: ", "))."))
    }
    for option in SchemaOption.allCases where options.contains(option) && !tools.schemaOptions.contains(option) {
      throw Fault.usage("\(backend) has no schema with --\(option.rawValue).")
    }
    let text: String
    do { text = try schema(table, options) } catch {
      throw Fault.usage("“\(table ?? "")” can't be the name of a table: \(Fault.reason(error))")
    }
    Output.standard.write(text.hasSuffix("\n") ? text : text + "\n")
  }

  private var options: Set<SchemaOption> {
    let chosen: [SchemaOption: Bool] = [
      .announceChanges: announceChanges, .tablePerKind: tablePerKind, .unlogged: unlogged, .jsonPayload: jsonPayload,
    ]
    return Set(chosen.filter(\.value).keys)
  }
}
