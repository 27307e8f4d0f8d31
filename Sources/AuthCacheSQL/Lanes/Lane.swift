internal import AuthCache

/// The thread of one connection: it waits for work, connects when there is some, and serves it as a batch.
final class Lane {
  let id: Int
  let pool: LanePool
  private let condition: Condition
  private var connection: (any SQLConnection)?
  private var attention: Attention

  init(_ id: Int, in pool: LanePool) {
    self.id = id
    self.pool = pool
    condition = pool.condition(of: id)
    attention = Attention(pool.settings.pace.attention)
  }

  var layout: TableLayout { pool.service.layout }
  var now: Timestamp { pool.service.clock.now }

  func run() {
    while let writes = pool.next(for: id, condition, &attention) {
      let began = Monotonic.now
      do throws(SQLFailure) {
        let connection = try liveConnection()
        if writes { try serveWrites(on: connection) } else { try serveReads(on: connection) }
      } catch {
        let wasConnected = connection != nil
        if error.condition == .disconnected { drop() }
        // The connection or the lock was not to be had. Who came later gets an attempt of their own, and so does
        // whoever only saw a connection break that was there.
        if !wasConnected || error.condition != .disconnected { pool.failAll(queuedBy: began, error) }
      }
      pool.done(id, writes: writes)
    }
    drop()
    pool.ended(id)
  }

  /// The connection, or a new one where the other side has gone since the last batch.
  private func liveConnection() throws(SQLFailure) -> any SQLConnection {
    if let connection {
      if connection.isAlive() { return connection }
      drop()
    }
    let connection = try pool.connection(for: id)
    self.connection = connection
    return connection
  }

  private func drop() {
    guard let connection else { return }
    pool.disconnected(id)
    connection.close()
    self.connection = nil
  }
}
