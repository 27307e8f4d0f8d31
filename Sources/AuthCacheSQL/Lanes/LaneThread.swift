internal import AuthCache

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A thread of the operating system, started at once and joined by its owner.
// Unchecked: the handle is written before the object is shared and only handed to `pthread_join` after that.
package final class LaneThread: @unchecked Sendable {
  private let handle: pthread_t

  /// - Throws: `unavailable` if the system gives no thread.
  package init(_ body: @escaping @Sendable () -> Void) throws(SQLFailure) {
    let box = Unmanaged.passRetained(Body(body))
    #if canImport(Darwin)
    var handle: pthread_t?
    let status = pthread_create(&handle, nil, { startThread($0) }, box.toOpaque())
    guard status == 0, let handle else { throw Self.refused(box) }
    #else
    var handle = pthread_t()
    let status = pthread_create(&handle, nil, { $0.flatMap(startThread) }, box.toOpaque())
    guard status == 0 else { throw Self.refused(box) }
    #endif
    self.handle = handle
  }

  /// Waits for the end of the thread. Exactly once, or `detach` in its place.
  package func join() { pthread_join(handle, nil) }

  /// Gives up on a thread that does not end.
  package func detach() { pthread_detach(handle) }

  private static func refused(_ box: Unmanaged<Body>) -> SQLFailure {
    box.release()
    return SQLFailure(.unavailable, "the system has no thread left for the connection: raise its limit")
  }

  fileprivate final class Body: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }
}

private func startThread(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
  Unmanaged<LaneThread.Body>.fromOpaque(argument).takeRetainedValue().run()
  return nil
}
