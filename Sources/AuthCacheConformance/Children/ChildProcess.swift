internal import AuthCache
internal import Foundation
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A running child: lines to it, lines from it, and its end.
///
/// One thread reads what the child writes and then waits for its end, so there is never a zombie. The child's standard
/// input is its life line: it closes when this value goes, or this process dies, and the child then ends by itself.
public final class ChildProcess: Sendable {
  /// The process id.
  public let id: Int32
  /// Every whole line of its standard output; ends with the output. What follows the last line break is not a line.
  public let lines: AsyncStream<String>

  private let state: ChildState

  /// - Throws: ``Blocked`` if the executable can't be started.
  public convenience init(_ launcher: ChildLauncher, _ words: [String] = []) throws {
    try self.init(launcher, words, apart: false)
  }

  /// - Parameter apart: In a session of its own, so that neither a Ctrl-C nor the end of the terminal or of this process
  ///   sends it a signal.
  package init(_ launcher: ChildLauncher, _ words: [String], apart: Bool) throws {
    let spawned = try Spawned(launcher.executable, launcher.arguments + words, apart: apart)
    let (lines, continuation) = AsyncStream<String>.makeStream()
    let state = ChildState(id: spawned.id, input: spawned.input)
    id = spawned.id
    self.lines = lines
    self.state = state
    let thread = Thread {
      state.drain(output: spawned.output, errors: spawned.errors) { continuation.yield($0) }
      continuation.finish()
      state.reap()
    }
    thread.name = "authcache child"
    thread.start()
  }

  deinit {
    kill()
    state.closeInput()
  }

  /// Writes a line to its standard input. Does nothing if the child is gone.
  public func send(_ line: String) { state.send(Array(line.utf8) + [UInt8(ascii: "\n")]) }

  /// Ends its standard input, and with it a child that plays a part.
  public func closeInput() { state.closeInput() }

  /// Sends SIGKILL, which nothing can catch. Does nothing once the child has ended.
  public func kill() { state.kill() }

  /// How it ended; returns when it has. A cancelled caller waits on: kill the child to end the wait.
  public func wait() async -> ChildExit { await state.exit() }

  /// The end of what it wrote to its standard error output.
  public var diagnostics: String { String(decoding: state.tail, as: UTF8.self) }
}

/// What the reading thread and the callers share. Does not keep the ``ChildProcess`` alive.
private final class ChildState: Sendable {
  private struct State {
    var input: Int32?
    var exit: ChildExit?
    var waiters: [CheckedContinuation<ChildExit, Never>] = []
    var tail: [UInt8] = []
  }

  private let id: Int32
  private let state: Mutex<State>

  init(id: Int32, input: Int32) {
    self.id = id
    state = Mutex(State(input: input))
  }

  var tail: [UInt8] { state.withLock { $0.tail } }

  func send(_ bytes: [UInt8]) {
    state.withLock { state in
      guard let input = state.input else { return }
      _ = bytes.withUnsafeBytes { Spawned.sendWhole(input, $0) }
    }
  }

  func closeInput() {
    state.withLock { state in
      if let input = state.input { close(input) }
      state.input = nil
    }
  }

  func kill() {
    // Under the lock that `reap` takes: the number can't belong to somebody else yet.
    state.withLock { state in
      if state.exit == nil { sendSignal(id, SIGKILL) }
    }
  }

  func exit() async -> ChildExit {
    await withCheckedContinuation { continuation in
      let exit: ChildExit? = state.withLock { state in
        if state.exit == nil { state.waiters.append(continuation) }
        return state.exit
      }
      if let exit { continuation.resume(returning: exit) }
    }
  }

  /// Waits for the child's end without freeing its number, and then frees it under the lock.
  func reap() {
    var info = siginfo_t()
    while waitid(P_PID, id_t(id), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR {}
    let (exit, waiters) = state.withLock { state in
      var status: Int32 = 0
      while waitpid(id, &status, 0) < 0 && errno == EINTR {}
      let exit = ChildExit(waitStatus: status)
      state.exit = exit
      defer { state.waiters = [] }
      return (exit, state.waiters)
    }
    for waiter in waiters { waiter.resume(returning: exit) }
    closeInput()
  }

  /// Reads both outputs to their ends.
  func drain(output: Int32, errors: Int32, yield: (String) -> Void) {
    var open = [
      pollfd(fd: output, events: Int16(POLLIN), revents: 0), pollfd(fd: errors, events: Int16(POLLIN), revents: 0),
    ]
    var pending: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while !open.isEmpty {
      guard poll(&open, nfds_t(open.count), -1) >= 0 else {
        if errno == EINTR { continue }
        break
      }
      for ready in open where ready.revents != 0 {
        let count = read(ready.fd, &buffer, buffer.count)
        if count < 0 && errno == EINTR { continue }
        if count <= 0 {
          open.removeAll { $0.fd == ready.fd }
          continue
        }
        if ready.fd == output {
          pending += buffer[..<count]
          while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
            yield(String(decoding: pending[..<end], as: UTF8.self))
            pending.removeSubrange(...end)
          }
        } else {
          state.withLock { $0.tail = Array(($0.tail + buffer[..<count]).suffix(4_096)) }
        }
      }
    }
    close(output)
    close(errors)
  }
}

// A name of its own, because inside the class `kill` is the method.
private func sendSignal(_ id: Int32, _ signal: Int32) { kill(id, signal) }
