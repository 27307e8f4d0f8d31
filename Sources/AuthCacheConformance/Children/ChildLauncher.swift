/// How to start this program, or another, as a child that plays a part in a check.
public struct ChildLauncher: Sendable {
  /// An absolute path.
  public let executable: String
  /// The words before the part's own.
  public let arguments: [String]

  public init(executable: String, arguments: [String]) {
    self.executable = executable
    self.arguments = arguments
  }
}
