internal import Foundation

/// How to start this program, or another, as a child that plays a part in a check.
///
/// The child is told what to do on its standard input, so no address and no password shows in a list of processes.
/// It calls ``ChildScenario/runFromStandardInput(registry:)`` and nothing else.
public struct ChildLauncher: Sendable, Hashable {
  /// An absolute path.
  public let executable: String
  /// The words that make the executable play a part.
  public let arguments: [String]

  /// An executable at an absolute path, and the words that make it play a part.
  public init(executable: String, arguments: [String] = ChildLauncher.hiddenCommand) {
    self.executable = executable
    self.arguments = arguments
  }

  /// The subcommand that every conformance command has and does not show.
  public static let hiddenCommand = ["child"]

  /// This very executable, which plays a part when its first word is `child`.
  public static var current: ChildLauncher {
    ChildLauncher(executable: Bundle.main.executablePath ?? CommandLine.arguments[0])
  }

  /// An executable product of the package, built into the folder of the running test bundle.
  ///
  /// If there is none of that name, every check that needs it is blocked and says where it was looked for.
  public static func product(_ name: String) -> ChildLauncher {
    let folders = productFolders
    let found = folders.first { FileManager.default.isExecutableFile(atPath: $0 + "/" + name) }
    return ChildLauncher(executable: (found ?? folders.first ?? ".") + "/" + name)
  }

  /// Where products lie: beside the test bundle, which on Linux is an executable itself and on macOS a folder.
  private static var productFolders: [String] {
    let bundles = Bundle.allBundles.map(\.bundleURL).filter { $0.pathExtension == "xctest" }
    var folders = bundles.map { $0.deletingLastPathComponent().path }
    if var folder = Bundle.main.executableURL?.deletingLastPathComponent() {
      for _ in 0..<4 {
        folders.append(folder.path)
        folder.deleteLastPathComponent()
      }
    }
    return folders
  }
}
