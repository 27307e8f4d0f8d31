#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// One client's connection and the one to the server that belongs to it.
struct ProxyConnection {
  let client: Int32
  let server: Int32
  var up: ProxyFlow
  var down: ProxyFlow
  /// Whether it was open when a cut was ordered.
  var isConcerned = false
  /// The server may answer and the client does not hear of it any more.
  var dying: Dying?
  private(set) var isOver = false

  struct Dying {
    var hasAnswered = false
    var lastHeard: ContinuousClock.Instant
  }

  init(client: Int32, server: Int32) {
    self.client = client
    self.server = server
    up = ProxyFlow(from: client, to: server)
    down = ProxyFlow(from: server, to: client)
  }

  /// Breaks it at both ends.
  mutating func reset() {
    guard !isOver else { return }
    isOver = true
    Sockets.reset(client)
    Sockets.reset(server)
  }

  /// Hands on what is due; ends when both directions have.
  mutating func pump(_ rules: ProxyRules, at now: ContinuousClock.Instant) {
    guard !isOver else { return }
    let crumbs: Duration? = rules.isCrumbling ? .zero : nil
    guard up.pump(drip: crumbs, at: now), down.pump(drip: rules.drip ?? crumbs, at: now) else {
      return reset()
    }
    if let dying, dying.hasAnswered, up.isEmpty, dying.lastHeard + ProxyCut.silence <= now { return reset() }
    guard up.isShut, down.isShut else { return }
    isOver = true
    close(client)
    close(server)
  }

  /// When it has something to do without being spoken to.
  var nextDue: ContinuousClock.Instant? {
    let last = dying.flatMap { $0.hasAnswered ? $0.lastHeard + ProxyCut.silence : nil }
    return [up.nextDue, down.nextDue, last].compactMap(\.self).min()
  }

  /// What poll(2) is to wait for at the client's side and at the server's; zero for nothing.
  var interests: (client: Int16, server: Int16) {
    let (read, write) = (Int16(POLLIN), Int16(POLLOUT))
    return (
      (up.wantsMore ? read : 0) | (down.isBlocked ? write : 0), (down.wantsMore ? read : 0) | (up.isBlocked ? write : 0)
    )
  }
}
