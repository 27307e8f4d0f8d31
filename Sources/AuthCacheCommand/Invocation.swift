internal import ArgumentParser
internal import AuthCache
internal import AuthCacheConformance
internal import Foundation

/// One run of the program: by what name, in which environment, with which backends.
struct Invocation: Sendable {
  /// The words with which the program can be started again from the same folder.
  let program: String
  let environment: [String: String]
  let backends: BackendRegistry

  @TaskLocal static var current = Invocation(program: "authcache", environment: [:], backends: [.memory])

  init(program: String, environment: [String: String], backends: BackendRegistry) {
    let here = FileManager.default.currentDirectoryPath + "/"
    self.program = program.hasPrefix(here) ? String(program.dropFirst(here.count)) : program
    self.environment = environment
    self.backends = backends
  }

  /// The program's name in its own help.
  var name: String { program.split(separator: "/").last.map(String.init) ?? "authcache" }

  /// Parses and runs `arguments`.
  ///
  /// - Returns: the exit status.
  func run(_ arguments: [String]) async -> Int32 {
    let status = await obey(arguments)
    guard let failure = Output.standard.failure else { return status }
    Output.error.write("\(name): What goes to standard output could not be written: \(failure).\n")
    return status == ExitStatus.passed ? ExitStatus.blocked : status
  }

  private func obey(_ arguments: [String]) async -> Int32 {
    await Self.$current.withValue(self) {
      do {
        if let word = arguments.first, let fault = Root.fault(ofSubcommand: word) { throw fault }
        var command = try Root.parseAsRoot(arguments)
        if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
        return ExitStatus.passed
      } catch {
        return status(of: error)
      }
    }
  }

  private func status(of error: any Error) -> Int32 {
    if let code = error as? ExitCode { return code.rawValue }
    if let fault = error as? Fault {
      Output.error.write("\(name): \(fault.sentence)\n")
      return fault.status
    }
    if Root.exitCode(for: error) == .success {
      Output.standard.write(Root.fullMessage(for: error) + "\n")
      return ExitStatus.passed
    }
    let message = Root.message(for: error)
    let usage = Root.fullMessage(for: error).split(separator: "\n").last.map(String.init) ?? ""
    let hint = usage.contains("--help") ? usage.trimmingCharacters(in: .whitespaces) : "See '\(name) --help'."
    Output.error.write("\(name): \(message)\n\(hint)\n")
    return ExitStatus.usage
  }
}

/// The numbers that the program ends with.
enum ExitStatus {
  static let passed: Int32 = 0
  static let breached: Int32 = 1
  static let usage: Int32 = 2
  static let blocked: Int32 = 3
  /// What a shell reports of a program that this signal ended: 130 for Ctrl-C, 143 for SIGTERM.
  static func interrupted(by signal: Int32) -> Int32 { 128 + signal }
}

/// Why the program can't do what it was asked: one sentence for the user, and the exit status.
struct Fault: Error, CustomStringConvertible {
  let sentence: String
  let status: Int32
  var description: String { sentence }

  /// The words of the command are off.
  static func usage(_ sentence: String) -> Fault { Fault(sentence: sentence, status: ExitStatus.usage) }
  /// Something that is needed can't be reached.
  static func blocked(_ sentence: String) -> Fault { Fault(sentence: sentence, status: ExitStatus.blocked) }
}

extension Fault {
  /// What an error of a backend says, without its operation where it has one.
  static func reason(_ error: any Error) -> String {
    (error as? AuthCacheError)?.reason ?? "\(error)"
  }
}
