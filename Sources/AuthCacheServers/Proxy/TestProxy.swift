internal import Foundation
internal import Synchronization

/// A network between a client and a server that can be made bad: slow, in crumbs, silent, broken.
///
/// It stands in this process on a thread of its own. What a method says is so when it has returned.
///
/// ```swift
/// let proxy = try TestProxy(before: server)
/// let backend = try await PostgresBackend(url: proxy.url)
/// await proxy.cutNextStatement(.afterServer)
/// ```
package final class TestProxy: Sendable {
  /// Where clients connect.
  package let endpoint: Endpoint
  /// The server's address, with this proxy in the server's place.
  package let url: String
  private let loop: ProxyLoop

  /// - Parameter overSocket: Both sides are unix sockets then; else both are ports of the loopback interface.
  package convenience init(before server: ThrowawayServer, overSocket: Bool = false) throws {
    guard overSocket else {
      try self.init(to: server.port, at: .tcp(0)) { server.url(at: $0) }
      return
    }
    let folder = server.site.folder + "/p\(UInt16.random(in: .min ... .max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    try self.init(to: server.socket, at: .unix(server.recipe.socket(server.site, in: folder))) { server.url(at: $0) }
  }

  /// - Parameters:
  ///   - server: Where connections are taken to.
  ///   - endpoint: Where they come from; port 0 takes a free one.
  ///   - url: What ``url`` is to be.
  package init(to server: Endpoint, at endpoint: Endpoint, url: (Endpoint) -> String = { _ in "" }) throws {
    let door = try ProxyDoor(at: endpoint)
    self.endpoint = door.endpoint
    self.url = url(door.endpoint)
    loop = ProxyLoop(door: door, server: server)
    loop.start()
  }

  deinit { loop.end() }

  /// How many connections were broken by ``cutNextStatement(_:containing:)``.
  package var cuts: Int { loop.tally.now.cuts }
  /// How many connections were taken in all.
  package var accepted: Int { arrivals.count }
  /// When each of them came.
  package var arrivals: [ContinuousClock.Instant] { loop.tally.now.arrivals }
  /// How many bytes went from clients to the server.
  package var sent: Int { loop.tally.now.sent }
}

// MARK: - What a network does

extension TestProxy {
  /// Every piece of bytes arrives that much later, in both directions and in order. Zero ends it.
  package func delay(_ duration: Duration) async { await loop.perform { $0.rules.delay = duration } }

  /// Bytes are handed on one at a time.
  package func crumble(_ isOn: Bool = true) async { await loop.perform { $0.rules.isCrumbling = isOn } }

  /// What the server says is handed on one byte at a time, and so long apart.
  package func drip(every pause: Duration) async { await loop.perform { $0.rules.drip = pause } }

  /// Nothing gets through, neither bytes nor the end of a connection; new connections are made and stay silent.
  package func stall() async { await loop.perform { $0.rules.isStalled = true } }

  /// Ends ``stall()``; what was sent meanwhile arrives.
  package func resume() async { await loop.perform { $0.rules.isStalled = false } }

  /// Breaks all connections, at both ends. Over TCP each side finds its connection reset, on a unix socket at its end.
  package func resetAll() async { await loop.perform { $0.resetAll() } }

  /// Breaks one connection, the first on which a client sends something, and lets all others be.
  ///
  /// - Parameters:
  ///   - point: Where the bytes are when it breaks.
  ///   - text: Only bytes with this text in them count, on any connection. Without it, the first bytes do on a
  ///     connection that is open now: what opens a connection is no statement.
  package func cutNextStatement(_ point: ProxyCut.Point, containing text: String? = nil) async {
    await loop.perform { $0.arm(ProxyCut(point: point, text: text.map { Array($0.utf8) })) }
  }

  /// New connections are refused, as by a server that does not run; those that are open stay.
  package func refuse() async { await loop.perform { $0.door.close() } }

  /// Ends ``refuse()``.
  package func accept() async { await loop.perform { $0.door.open() } }

  /// Breaks all connections, listens no more and ends the thread.
  package func end() async {
    loop.end()
    await loop.perform { _ in }
  }
}
