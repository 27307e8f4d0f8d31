internal import AuthCache
internal import Synchronization

/// Connections that whichever thread wants to read borrows for the length of one read.
///
/// For an engine inside this process, where waking a lane's thread costs more than the read. Nobody waits for one:
/// who finds none free goes to the lane.
///
/// Beginning and ending a read takes and drops a lock on the file, which costs as much as the read and which threads
/// queue for, unless another reader of this process holds it as well. So a read that ends while others read is left
/// open, and ended before its connection reads again, or with the last of the others. Nothing is open at rest.
final class Readers: Sendable {
  private struct Idle {
    let connection: any SQLConnection
    /// Who read over it last: what the connection needs is in the cache of that thread's core.
    let reader: ThreadID
    /// When its last read was left open; nil if none is.
    var openSince: UInt64?
  }

  private struct State {
    var free: [Idle] = []
    var all: [any SQLConnection] = []
    var opening = 0
    var isClosed = false
    var closers: [CheckedContinuation<Bool, Never>] = []
    /// How many reads have ended.
    var turn: UInt64 = 0

    var isIdle: Bool { free.count == all.count && opening == 0 }

    /// The connection that `reader` had last, or else the one that has been free the longest.
    mutating func takeFree(for reader: ThreadID) -> (any SQLConnection)? {
      guard !free.isEmpty else { return nil }
      return free.remove(at: free.lastIndex { $0.reader == reader } ?? 0).connection
    }

    /// Takes back what has read, or whose read was ended.
    ///
    /// - Returns: those whose reads are to be ended now.
    mutating func takeBack(_ idle: Idle) -> [Idle] {
      free.append(idle)
      turn += 1
      let othersRead = free.count < all.count
      let ripe = free.filter { idle in
        idle.openSince.map { !othersRead || turn - $0 > Readers.patience } ?? false
      }
      if !ripe.isEmpty { free.removeAll { idle in ripe.contains { $0.connection === idle.connection } } }
      return ripe
    }
  }

  /// For how many reads of others one stays open, so that no state of the database is kept for long.
  private static let patience: UInt64 = 64

  private let limit: Int
  private let connect: @Sendable () throws(SQLFailure) -> any SQLConnection
  private let state = Mutex(State())

  init(limit: Int, connect: @escaping @Sendable () throws(SQLFailure) -> any SQLConnection) {
    self.limit = limit
    self.connect = connect
  }

  /// False where callers never read on their own.
  var isUsable: Bool { limit > 0 }

  /// Runs `body` on a free connection.
  ///
  /// - Returns: nil if none is free, or a lock would have to be waited for: then ask the lane.
  func read<Value>(_ body: (any SQLConnection) throws(SQLFailure) -> Value) throws(SQLFailure) -> Value? {
    guard let connection = try borrow() else { return nil }
    do throws(SQLFailure) {
      let value = try body(connection)
      giveBack(connection, keep: true)
      return value
    } catch {
      giveBack(connection, keep: error.condition != .disconnected)
      if error.condition == .busy { return nil }
      throw error
    }
  }

  /// Closes what is free now and what is borrowed when it comes back.
  ///
  /// - Returns: false if that was given up.
  func close() async -> Bool {
    closeUnattended()
    return await withCheckedContinuation { continuation in
      let isIdle = state.withLock { state in
        if !state.isIdle { state.closers.append(continuation) }
        return state.isIdle
      }
      if isIdle { continuation.resume(returning: true) }
    }
  }

  /// The same for an owner that can't wait.
  func closeUnattended() {
    let free = state.withLock { state in
      state.isClosed = true
      let free = state.free
      state.all.removeAll { connection in free.contains { $0.connection === connection } }
      state.free = []
      return free
    }
    for idle in free { idle.connection.close() }
  }

  /// Makes the reads that are under way fail soon.
  func interrupt() {
    for connection in state.withLock({ $0.all }) { connection.interrupt() }
  }

  /// Answers the closers although a read does not end.
  func giveUp() { resumeClosers(false) { _ in true } }

  private enum Loan {
    case lent(any SQLConnection)
    case mayOpen, none, closed
  }

  private func borrow() throws(SQLFailure) -> (any SQLConnection)? {
    let reader = ThreadID.current
    let loan: Loan = state.withLock { state in
      if state.isClosed { return .closed }
      if let free = state.takeFree(for: reader) { return .lent(free) }
      guard state.all.count + state.opening < limit else { return .none }
      state.opening += 1
      return .mayOpen
    }
    switch loan {
    case .lent(let connection):
      connection.endReading()
      return connection
    case .none: return nil
    case .closed: throw .closed
    case .mayOpen: return try open()
    }
  }

  private func open() throws(SQLFailure) -> (any SQLConnection)? {
    do throws(SQLFailure) {
      let connection = try connect()
      state.withLock { state in
        state.opening -= 1
        state.all.append(connection)
      }
      return connection
    } catch {
      state.withLock { $0.opening -= 1 }
      resumeClosers(true) { $0.isIdle }
      if error.condition == .busy { return nil }
      throw error
    }
  }

  private func giveBack(_ connection: any SQLConnection, keep: Bool) {
    let reader = ThreadID.current
    let ripe: [Idle]? = state.withLock { state in
      guard keep, !state.isClosed else { return nil }
      return state.takeBack(Idle(connection: connection, reader: reader, openSince: state.turn))
    }
    guard let ripe else { return drop(connection) }
    for idle in ripe { end(idle) }
  }

  private func end(_ idle: Idle) {
    idle.connection.endReading()
    let ripe: [Idle]? = state.withLock { state in
      guard !state.isClosed else { return nil }
      return state.takeBack(Idle(connection: idle.connection, reader: idle.reader))
    }
    guard let ripe else { return drop(idle.connection) }
    for idle in ripe { end(idle) }
  }

  private func drop(_ connection: any SQLConnection) {
    connection.close()
    state.withLock { state in state.all.removeAll { $0 === connection } }
    resumeClosers(true) { $0.isIdle }
  }

  private func resumeClosers(_ answer: Bool, when condition: (State) -> Bool) {
    let closers = state.withLock { state in
      guard state.isClosed, condition(state) else { return [CheckedContinuation<Bool, Never>]() }
      let closers = state.closers
      state.closers = []
      return closers
    }
    for closer in closers { closer.resume(returning: answer) }
  }
}
