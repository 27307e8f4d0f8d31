#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The few calls on sockets that servers and the proxy need. All sockets are non-blocking and closed on exec.
enum Sockets {
  /// A port of the loopback interface that nobody listens on now.
  static func freePort() throws(ServerFault) -> UInt16 {
    let socket = try bound(to: .tcp(0))
    defer { close(socket) }
    return port(of: socket)
  }

  /// A socket that has this address and does not listen. While it is open, nobody is given the port by chance.
  static func bound(to endpoint: Endpoint) throws(ServerFault) -> Int32 {
    let socket = try open(endpoint)
    var on: Int32 = 1
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    guard endpoint.withAddress({ bind(socket, $0, $1) }) == 0 else {
      let reason = fault("bind")
      close(socket)
      throw reason
    }
    return socket
  }

  static func listening(at endpoint: Endpoint) throws(ServerFault) -> Int32 {
    let socket = try bound(to: endpoint)
    guard listen(socket, 512) == 0 else {
      let reason = fault("listen")
      close(socket)
      throw reason
    }
    return socket
  }

  /// A connection that is made or on its way; nil if it is refused.
  static func connecting(to endpoint: Endpoint) -> Int32? {
    guard let socket = try? open(endpoint) else { return nil }
    let result = endpoint.withAddress { connect(socket, $0, $1) }
    if result == 0 || errno == EINPROGRESS { return socket }
    close(socket)
    return nil
  }

  /// The next connection to a listening socket; nil if there is none.
  static func accepted(from listener: Int32) -> Int32? {
    let socket = accept(listener, nil, nil)
    guard socket >= 0 else { return nil }
    prepare(socket)
    return socket
  }

  static func port(of socket: Int32) -> UInt16 {
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &size) }
    }
    return UInt16(bigEndian: address.sin_port)
  }

  /// Whether the server at `endpoint` says something first, as MariaDB does, within so many milliseconds.
  static func greets(_ endpoint: Endpoint, within milliseconds: Int32) -> Bool {
    guard let socket = connecting(to: endpoint) else { return false }
    defer { close(socket) }
    var ready = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    var byte: UInt8 = 0
    return poll(&ready, 1, milliseconds) == 1 && recv(socket, &byte, 1, 0) == 1
  }

  /// Closes a connection so that the other side finds it reset; a unix socket knows no reset and ends.
  static func reset(_ socket: Int32) {
    var now = linger(l_onoff: 1, l_linger: 0)
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    close(socket)
  }

  /// Sends what fits: the number of bytes, zero if none fits now, nil if the connection is over.
  static func sendSome(_ socket: Int32, _ bytes: ArraySlice<UInt8>) -> Int? {
    #if canImport(Darwin)
    let flags: Int32 = 0
    #else
    let flags = Int32(MSG_NOSIGNAL)
    #endif
    let count = bytes.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, flags) }
    if count >= 0 { return count }
    return errno == EAGAIN || errno == EINTR || errno == ENOTCONN ? 0 : nil
  }

  static func setNonBlocking(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  private static func open(_ endpoint: Endpoint) throws(ServerFault) -> Int32 {
    #if canImport(Glibc)
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    #elseif canImport(Musl)
    let type = SOCK_STREAM | SOCK_CLOEXEC
    #else
    let type = SOCK_STREAM
    #endif
    let descriptor = socket(endpoint.family, type, 0)
    guard descriptor >= 0 else { throw fault("socket") }
    prepare(descriptor)
    return descriptor
  }

  private static func prepare(_ socket: Int32) {
    setNonBlocking(socket)
    var on: Int32 = 1
    let size = socklen_t(MemoryLayout<Int32>.size)
    // Fails on a unix socket, which holds nothing back anyway.
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, size)
    #if canImport(Darwin)
    setsockopt(socket, SOL_SOCKET, SO_NOSIGPIPE, &on, size)
    #endif
  }

  private static func fault(_ call: String) -> ServerFault {
    ServerFault("\(call) failed: \(String(cString: strerror(errno)))")
  }
}
