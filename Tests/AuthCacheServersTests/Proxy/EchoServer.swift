import Foundation
import Synchronization

@testable import AuthCacheServers

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#endif

/// A server that says again whatever it is told, and remembers it.
final class EchoServer: Sendable {
  let endpoint: Endpoint
  private let listener: Int32
  private let memory = Memory()

  private final class Memory: Sendable {
    let bytes = Mutex<[UInt8]>([])
  }

  init(at place: Endpoint = .tcp(0)) throws {
    listener = try Sockets.listening(at: place)
    endpoint = place.isUnix ? place : .tcp(Sockets.port(of: listener))
    let thread = Thread { [listener, memory] in
      while Self.isReadable(listener), let socket = Sockets.accepted(from: listener) {
        let serving = Thread { Self.serve(socket, memory) }
        serving.start()
      }
    }
    thread.start()
  }

  deinit { shutdown(listener, Int32(SHUT_RDWR)) }

  /// Everything that came from any client.
  var text: String { String(decoding: memory.bytes.withLock { $0 }, as: UTF8.self) }

  private static func serve(_ socket: Int32, _ memory: Memory) {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while isReadable(socket) {
      let count = recv(socket, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      memory.bytes.withLock { $0 += buffer[..<count] }
      var rest = buffer[..<count]
      while !rest.isEmpty, let sent = Sockets.sendSome(socket, rest) {
        rest = rest.dropFirst(sent)
        if sent == 0 { sched_yield() }
      }
    }
    close(socket)
  }

  private static func isReadable(_ socket: Int32) -> Bool {
    var ready = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    return poll(&ready, 1, -1) == 1 && ready.revents & Int16(POLLIN) != 0
  }
}

/// One client of it.
final class Caller {
  private let socket: Int32

  /// Nil if the connection is refused.
  init?(_ endpoint: Endpoint) {
    guard let socket = Sockets.connecting(to: endpoint) else { return nil }
    self.socket = socket
    var ready = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
    var (fault, size) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
    guard poll(&ready, 1, 10_000) == 1, getsockopt(socket, SOL_SOCKET, SO_ERROR, &fault, &size) == 0, fault == 0
    else { return nil }
  }

  deinit { close(socket) }

  func say(_ text: String) { _ = Sockets.sendSome(socket, Array(text.utf8)[...]) }

  enum Heard: Equatable {
    case text(String)
    case silence
    case end
    case reset
  }

  /// What comes next, `count` bytes of it at most.
  func hear(_ count: Int = 65_536, within milliseconds: Int32 = 10_000) -> Heard {
    var ready = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    guard poll(&ready, 1, milliseconds) == 1 else { return .silence }
    var buffer = [UInt8](repeating: 0, count: count)
    let result = recv(socket, &buffer, count, 0)
    if result < 0 { return .reset }
    return result == 0 ? .end : .text(String(decoding: buffer[..<result], as: UTF8.self))
  }

  /// Says it and hears it again, whole.
  func repeats(_ text: String) -> Bool {
    say(text)
    return hears(text)
  }

  /// Whether this comes next, in however many parts.
  func hears(_ text: String) -> Bool {
    var answer = ""
    while answer.utf8.count < text.utf8.count, case .text(let part) = hear() { answer += part }
    return answer == text
  }

  /// The connection, for the time of the call.
  func withSocket<Answer>(_ body: (Int32) -> Answer) -> Answer { body(socket) }
}
