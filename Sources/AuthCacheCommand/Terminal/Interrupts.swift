internal import Foundation
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Ctrl-C: the first ends the run in order, the second ends the process.
///
/// The handler writes one byte into a pipe, which is all that a handler may do; a thread of its own reads it, so that
/// a run which blocks every thread of the pool can still be ended.
final class Interrupts: Sendable {
  // Unsafe: a signal handler can't take a lock. Written once, before the handler that reads it is set.
  nonisolated(unsafe) private static var writeEnd: Int32 = -1
  private let firstSignal = Atomic<Int32>(0)

  /// What the program is to end with if the run was interrupted.
  var status: Int32? {
    let signal = firstSignal.load(ordering: .relaxed)
    return signal == 0 ? nil : ExitStatus.interrupted(by: signal)
  }

  /// Calls `first` at the first SIGINT or SIGTERM. At the second, or when the run has not ended `patience` seconds
  /// after the first, calls `last` and ends the process.
  func watch(patience: TimeInterval = 20, first: @escaping @Sendable () -> Void, last: @escaping @Sendable () -> Void) {
    var ends: [Int32] = [0, 0]
    guard Self.makePipe(&ends) else { return }
    Self.writeEnd = ends[1]
    let readEnd = ends[0]
    let thread = Thread { [self] in
      var byte: UInt8 = 0
      while read(readEnd, &byte, 1) == 1 {
        if status != nil { end(after: last) }
        firstSignal.store(Int32(byte), ordering: .relaxed)
        first()
        Thread.detachNewThread { [self] in
          Thread.sleep(forTimeInterval: patience)
          end(after: last)
        }
      }
    }
    thread.name = "authcache signals"
    thread.start()
    for number in [SIGINT, SIGTERM] { signal(number, Self.handler) }
  }

  private static let handler: @convention(c) (Int32) -> Void = { signal in
    let before = errno
    var byte = UInt8(truncatingIfNeeded: signal)
    _ = write(Interrupts.writeEnd, &byte, 1)
    errno = before
  }

  private static func makePipe(_ ends: inout [Int32]) -> Bool {
    guard pipe(&ends) == 0 else { return false }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return true
  }

  private func end(after last: @Sendable () -> Void) -> Never {
    last()
    _exit(status ?? ExitStatus.blocked)
  }
}
