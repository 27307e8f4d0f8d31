internal import AuthCacheConformance
internal import Foundation
internal import Synchronization

/// A shell process that keeps one server and its folder, and outlives this process just long enough to remove both.
///
/// Its standard input is the life line: when it ends, by ``end()``, by the end of this process or by `kill -9` of it,
/// the guardian kills the server and removes the folder. It is out of reach of a Ctrl-C at the terminal.
final class Guardian: Sendable {
  let folder: String
  private let child: ChildProcess
  /// The order that was given last; the next one waits for its answer.
  private let last = Mutex<Task<String, any Error>?>(nil)

  init(in place: String, stopSignal: String) async throws {
    child = try ChildProcess(
      ChildLauncher(
        executable: "/bin/sh", arguments: ["-c", GuardianScript.text, "authcache-guardian", place, stopSignal]),
      [], apart: true)
    guard let folder = await Self.answer(of: child) else {
      throw ServerFault("no folder can be made in \(place): \(child.diagnostics)")
    }
    self.folder = folder
  }

  deinit {
    child.closeInput()
    // The value must live until the process has ended: its own deinit would kill the guardian.
    Task.detached { [child] in _ = await child.wait() }
  }

  /// Gives an order and waits until it is carried out, also if the caller is cancelled.
  ///
  /// - Returns: what the guardian says to it.
  @discardableResult
  func order(_ order: Order) async throws -> String {
    let task = last.withLock { last in
      let task = Task { [child, before = last] () throws -> String in
        _ = await before?.result
        child.send(order.rawValue)
        guard let answer = await Self.answer(of: child) else { throw ServerFault("the server's guardian is gone") }
        return answer
      }
      last = task
      return task
    }
    return try await task.value
  }

  /// Kills the server and removes the folder.
  func end() async {
    child.closeInput()
    _ = await child.wait()
  }

  /// In a task of its own: to cancel one that waits for a line would end the stream for all.
  private static func answer(of child: ChildProcess) async -> String? {
    await Task {
      var lines = child.lines.makeAsyncIterator()
      return await lines.next()
    }.value
  }

  enum Order: String {
    /// Runs the script `prepare`; answers its status.
    case prepare
    /// Runs the script `start` in the background; answers the process id.
    case start
    /// Answers `yes` or `no`.
    case isAlive
    /// Ends the server in order, or by force if it takes more than ten seconds.
    case stop
    /// Kills it and all its processes at once.
    case kill
    /// Stops all its processes where they are.
    case freeze
    case thaw
  }
}
