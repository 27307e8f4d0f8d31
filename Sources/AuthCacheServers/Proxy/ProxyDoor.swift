internal import Foundation

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The address at which a proxy takes connections. Closed, it refuses them and keeps its port.
struct ProxyDoor: Sendable {
  let endpoint: Endpoint
  private(set) var listener: Int32?
  private let reservation: Int32?

  init(at endpoint: Endpoint) throws(ServerFault) {
    switch endpoint {
    case .tcp:
      let reservation = try Sockets.bound(to: endpoint)
      self.endpoint = .tcp(Sockets.port(of: reservation))
      self.reservation = reservation
    case .unix:
      self.endpoint = endpoint
      reservation = nil
    }
    listener = try Sockets.listening(at: self.endpoint)
  }

  mutating func open() {
    guard listener == nil else { return }
    removePath()
    listener = try? Sockets.listening(at: endpoint)
  }

  /// A path stays where it is: to connect to it is refused then, and not impossible.
  mutating func close() {
    guard let listener else { return }
    _ = Self.close(listener)
    self.listener = nil
  }

  mutating func remove() {
    close()
    if let reservation { _ = Self.close(reservation) }
    removePath()
  }

  private func removePath() {
    if case .unix(let path) = endpoint { unlink(path) }
  }

  // A name of its own, because inside the type `close` is the method.
  private static let close: @Sendable (Int32) -> Int32 = { descriptor in closeDescriptor(descriptor) }
}

private func closeDescriptor(_ descriptor: Int32) -> Int32 { close(descriptor) }
