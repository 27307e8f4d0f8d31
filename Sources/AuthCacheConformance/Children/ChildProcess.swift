/// A running child.
public final class ChildProcess: Sendable {
  func kill() {}
}
