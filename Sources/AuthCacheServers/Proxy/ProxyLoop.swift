internal import Foundation
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The thread of a proxy: waits for sockets, for instants and for orders.
final class ProxyLoop: Sendable {
  typealias Order = @Sendable (inout ProxyState) -> Void

  private struct Orders {
    var waiting: [(order: Order, done: CheckedContinuation<Void, Never>)] = []
    var shallEnd = false
    var isOver = false
  }

  let tally = ProxyTally()
  private let orders = Mutex(Orders())
  private let door: ProxyDoor
  private let server: Endpoint
  /// A byte into the one wakes whoever waits at the other.
  private let (wakes, waker): (Int32, Int32)

  init(door: ProxyDoor, server: Endpoint) {
    self.door = door
    self.server = server
    var ends: [Int32] = [-1, -1]
    pipe(&ends)
    for end in ends { Sockets.setNonBlocking(end) }
    (wakes, waker) = (ends[0], ends[1])
  }

  deinit {
    close(wakes)
    close(waker)
  }

  func start() {
    let thread = Thread { self.run() }
    thread.name = "authcache proxy"
    thread.start()
  }

  /// Carries out `order` on the thread, and returns when it has; at once if the thread has ended.
  func perform(_ order: @escaping Order) async {
    await withCheckedContinuation { continuation in
      let isOver = orders.withLock { orders in
        if !orders.isOver { orders.waiting.append((order, continuation)) }
        return orders.isOver
      }
      if isOver { continuation.resume() } else { wake() }
    }
  }

  func end() {
    orders.withLock { $0.shallEnd = true }
    wake()
  }

  private func wake() {
    var byte: UInt8 = 0
    _ = write(waker, &byte, 1)
  }

  private func run() {
    var state = ProxyState(door: door, tally: tally)
    while !orders.withLock({ $0.shallEnd }) {
      let taken = orders.withLock { orders in
        defer { orders.waiting = [] }
        return orders.waiting
      }
      for (order, _) in taken { order(&state) }
      state.pump()
      for (_, done) in taken { done.resume() }
      wait(&state)
    }
    state.resetAll()
    state.door.remove()
    let left = orders.withLock { orders in
      orders.isOver = true
      defer { orders.waiting = [] }
      return orders.waiting
    }
    for (_, done) in left { done.resume() }
  }

  private func wait(_ state: inout ProxyState) {
    var sockets = [pollfd(fd: wakes, events: Int16(POLLIN), revents: 0)]
    var readers: [(index: Int, isUp: Bool)?] = [nil]
    func watch(_ socket: Int32, _ events: Int16, _ reader: (Int, Bool)?) {
      // Without an event to wait for, the end of a connection would be reported again and again.
      guard events != 0 else { return }
      sockets.append(pollfd(fd: socket, events: events, revents: 0))
      readers.append(reader)
    }
    if let listener = state.door.listener { watch(listener, Int16(POLLIN), nil) }
    if !state.rules.isStalled {
      for (index, connection) in state.connections.enumerated() {
        watch(connection.client, connection.interests.client, (index, true))
        watch(connection.server, connection.interests.server, (index, false))
      }
    }
    guard poll(&sockets, nfds_t(sockets.count), state.patience()) > 0 else { return }
    var bytes = [UInt8](repeating: 0, count: 64)
    if sockets[0].revents != 0 { while read(wakes, &bytes, bytes.count) > 0 {} }
    for (socket, reader) in zip(sockets, readers) where socket.revents != 0 {
      if let reader {
        guard socket.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 else { continue }
        state.read(reader.index, isUp: reader.isUp)
      } else if socket.fd == state.door.listener {
        while let client = Sockets.accepted(from: socket.fd) { state.take(client, to: server) }
      }
    }
  }
}
