/// What a pool's gauges show.
struct PoolStanding {
  /// Of two the later one has the greater number.
  let number: UInt64
  /// Nil if only `waiting` has changed.
  let connections: (open: Int, busy: Int)?
  /// Requests whose tasks were cancelled while they waited count until a lane comes by.
  let waiting: Int
}

extension PoolState {
  mutating func standing() -> PoolStanding {
    standings += 1
    return PoolStanding(number: standings, connections: counts, waiting: queue.count)
  }

  /// The same after nothing but the queue has changed: what every caller does costs as little as can be.
  mutating func standingOfQueue() -> PoolStanding {
    standings += 1
    return PoolStanding(number: standings, connections: nil, waiting: queue.count)
  }
}
