#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Where a server listens.
package enum Endpoint: Sendable, Hashable {
  /// A port of the loopback interface.
  case tcp(UInt16)
  /// The path of a unix socket, at most 103 bytes.
  case unix(String)

  var family: Int32 {
    switch self {
    case .tcp: AF_INET
    case .unix: AF_UNIX
    }
  }

  var isUnix: Bool {
    switch self {
    case .tcp: false
    case .unix: true
    }
  }

  /// The address in the form that bind(2) and connect(2) take.
  func withAddress<Answer>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Answer) -> Answer {
    switch self {
    case .tcp(let port):
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      return Self.pass(&address, body)
    case .unix(let path):
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { room in
        // Zeroed, so that a path which is cut keeps its end.
        for (index, byte) in path.utf8.prefix(room.count - 1).enumerated() { room[index] = byte }
      }
      return Self.pass(&address, body)
    }
  }

  private static func pass<Address, Answer>(
    _ address: inout Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Answer
  ) -> Answer {
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<Address>.size)) }
    }
  }
}
