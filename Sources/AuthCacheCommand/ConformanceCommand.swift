internal import ArgumentParser
public import AuthCacheConformance
internal import Foundation

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The whole command line, for backends of your own.
///
/// ```swift
/// import AuthCacheCommand
/// import AuthCacheConformance
///
/// @main struct Conformance: ConformanceCommand {
///   static let backends: BackendRegistry = [.memory, .dynamo]
/// }
/// ```
///
/// The program then has the subcommands `verify`, `contract`, `sabotage`, `bench`, `compare`, `schema` and `doctor`.
/// Exit status: 0, all that was required passed; 1, a requirement was breached; 2, the command's words are off;
/// 3, something required could not be reached, or nothing was executed; 130 and 143, ended by Ctrl-C and by SIGTERM.
public protocol ConformanceCommand {
  /// The backends that can be named after `--backend`. Those that need no server run when none is named.
  static var backends: BackendRegistry { get }
}

extension ConformanceCommand {
  /// Runs the subcommand that the arguments name, and ends the process with its exit status.
  @concurrent public static func main() async {
    // A closed pipe is an error of a write, not the end of the process in the middle of a check.
    signal(SIGPIPE, SIG_IGN)
    let words = CommandLine.arguments
    ArgumentVector.hidePasswords()
    let invocation = Invocation(
      program: words.first ?? "authcache", environment: ProcessInfo.processInfo.environment,
      backends: backends)
    exit(await invocation.run(Array(words.dropFirst())))
  }
}
