internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A stream of the process. Once the reader is gone (`| head`) what is written is dropped without a word; where a file
/// takes no more, `failure` says why.
final class Output: Sendable {
  static let standard = Output(descriptor: 1)
  static let error = Output(descriptor: 2)

  let descriptor: Int32
  private let state = Mutex(State())

  private struct State {
    var isOpen = true
    var failure: Int32?
  }

  init(descriptor: Int32) { self.descriptor = descriptor }

  func write(_ text: String) {
    state.withLock { state in
      guard state.isOpen else { return }
      var text = text
      guard let error = text.withUTF8({ Self.writeAll($0, to: descriptor) }) else { return }
      state = State(isOpen: false, failure: error == EPIPE ? nil : error)
    }
  }

  /// Why something is missing from what was written, in the system's words; nil if nothing is, or nobody reads it.
  var failure: String? { state.withLock(\.failure).map { String(cString: strerror($0)).lowercased() } }

  /// Returns the system's number for what went wrong, nil if all was written.
  private static func writeAll(_ bytes: UnsafeBufferPointer<UInt8>, to descriptor: Int32) -> Int32? {
    var rest = UnsafeRawBufferPointer(bytes)[...]
    while !rest.isEmpty {
      #if canImport(Darwin)
      let written = Darwin.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      #elseif canImport(Glibc)
      let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      #else
      let written = Musl.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      #endif
      if written > 0 {
        rest = rest.dropFirst(written)
      } else if errno == EAGAIN {
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&ready, 1, 1_000)
      } else if errno != EINTR {
        return errno
      }
    }
    return nil
  }
}
