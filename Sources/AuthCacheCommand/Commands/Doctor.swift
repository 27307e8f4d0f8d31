internal import ArgumentParser
internal import AuthCacheConformance
internal import Foundation

struct Doctor: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    let name = Invocation.current.name
    return CommandConfiguration(
      commandName: "doctor",
      abstract: "Looks at what the backends need on this machine.",
      discussion: """
        Ends with 3 if something is missing, and says what to do about it.

        EXAMPLES:
          \(name) doctor
          \(name) doctor --url sqlite:/var/lib/app/auth.db
        """)
  }

  @Option(name: .long, parsing: .upToNextOption, help: "Backends: \(Names.howToWrite). Default: all.")
  var backend: [String] = []

  @Option(name: .long, help: "The address of a store; its scheme says which backend.")
  var url: [String] = []

  mutating func run() async throws {
    let registry = Invocation.current.backends
    let isOpen = backend.isEmpty && url.isEmpty
    let names = isOpen ? registry.names : backend.words
    let chosen = try Subjects(backends: names, urls: url).factories()
    let style = Terminal(.standard).style
    var isHealthy = show("this machine", machine, style)
    for (factory, url) in chosen {
      let found =
        await factory.tools.diagnose?(url)
        ?? [.init(subject: "nothing to look at", isHealthy: true, found: "it needs nothing outside this process")]
      if !show(factory.name, found, style) { isHealthy = false }
    }
    if !isHealthy { throw ExitCode(ExitStatus.blocked) }
  }

  private var machine: [BackendFactory.Diagnosis] {
    let folder = FileManager.default.temporaryDirectory.path
    let isWritable = FileManager.default.isWritableFile(atPath: folder)
    return [
      .init(
        subject: "cores", isHealthy: true, found: "\(ProcessInfo.processInfo.activeProcessorCount)"),
      .init(
        subject: "folder for temporary files", isHealthy: isWritable,
        found: isWritable ? "\(folder) is writable" : "\(folder) can't be written to",
        remedy: "Set TMPDIR to a folder that you may write to."),
    ]
  }

  private func show(_ title: String, _ found: [BackendFactory.Diagnosis], _ style: TextStyle) -> Bool {
    var text = style.bold(title) + "\n"
    for diagnosis in found {
      let mark = diagnosis.isHealthy ? style.green("ok     ") : style.red("missing")
      text += "  \(mark)  \(diagnosis.subject): \(Redaction.password(in: diagnosis.found))\n"
      if !diagnosis.isHealthy, let remedy = diagnosis.remedy { text += "           \(remedy)\n" }
    }
    Output.standard.write(text)
    return found.allSatisfy(\.isHealthy)
  }
}
