/// What a proxy's thread knows. Never leaves it.
struct ProxyState {
  var door: ProxyDoor
  var rules = ProxyRules()
  private(set) var connections: [ProxyConnection] = []
  /// Counted before anybody can see what is counted.
  private let tally: ProxyTally

  init(door: ProxyDoor, tally: ProxyTally) {
    self.door = door
    self.tally = tally
  }

  mutating func take(_ client: Int32, to server: Endpoint) {
    tally.count { $0.arrivals.append(.now) }
    guard let other = Sockets.connecting(to: server) else { return Sockets.reset(client) }
    connections.append(ProxyConnection(client: client, server: other))
  }

  mutating func arm(_ cut: ProxyCut) {
    rules.cut = cut
    for index in connections.indices { connections[index].isConcerned = true }
  }

  mutating func resetAll() {
    for index in connections.indices { connections[index].reset() }
    connections = []
  }

  /// Takes what has come from a client, or else from its server.
  mutating func read(_ index: Int, isUp: Bool) {
    // Broken by what came from its other side in the same turn.
    guard !connections[index].isOver else { return }
    let now = ContinuousClock.now
    switch isUp ? connections[index].up.read() : connections[index].down.read() {
    case .nothing, .end: return
    case .broken: connections[index].reset()
    case .bytes(let bytes) where isUp: readUp(bytes, index, at: now)
    case .bytes(let bytes):
      guard connections[index].dying == nil else {
        connections[index].dying?.hasAnswered = true
        connections[index].dying?.lastHeard = now
        return
      }
      connections[index].down.add(bytes, due: now + rules.delay)
    }
  }

  private mutating func readUp(_ bytes: [UInt8], _ index: Int, at now: ContinuousClock.Instant) {
    if let cut = rules.cut, cut.concerns(bytes, wasOpen: connections[index].isConcerned) {
      rules.cut = nil
      tally.count { $0.cuts += 1 }
      switch cut.point {
      case .beforeServer: return connections[index].reset()
      case .afterServer: connections[index].dying = ProxyConnection.Dying(lastHeard: now)
      }
    }
    connections[index].dying?.lastHeard = now
    connections[index].up.add(bytes, due: now + rules.delay)
  }

  mutating func pump() {
    guard !rules.isStalled else { return }
    let now = ContinuousClock.now
    for index in connections.indices {
      let before = connections[index].up.handedOn
      connections[index].pump(rules, at: now)
      let sent = connections[index].up.handedOn - before
      if sent > 0 { tally.count { $0.sent += sent } }
    }
    connections.removeAll(where: \.isOver)
  }

  /// How long nothing can happen by itself, in milliseconds; -1 without end.
  func patience() -> Int32 {
    guard !rules.isStalled, let due = connections.compactMap(\.nextDue).min() else { return -1 }
    let left = ContinuousClock.now.duration(to: due) / .milliseconds(1)
    return left <= 0 ? 0 : Int32(min(left.rounded(.up), 60_000))
  }
}
