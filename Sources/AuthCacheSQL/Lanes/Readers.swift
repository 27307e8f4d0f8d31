internal import AuthCache
internal import Synchronization

/// Connections that whichever thread wants to read borrows for the length of one read.
///
/// For an engine inside this process, where waking a lane's thread costs more than the read. Nobody waits for one:
/// who finds none free goes to the lane.
final class Readers<Connection: SQLConnection>: Sendable {
  private struct State {
    var free: [Connection] = []
    var all: [Connection] = []
    var opening = 0
    var isClosed = false
    var closers: [CheckedContinuation<Bool, Never>] = []

    var isIdle: Bool { free.count == all.count && opening == 0 }
  }

  private let limit: Int
  private let connect: @Sendable () throws(SQLFailure) -> Connection
  private let state = Mutex(State())

  init(limit: Int, connect: @escaping @Sendable () throws(SQLFailure) -> Connection) {
    self.limit = limit
    self.connect = connect
  }

  /// Runs `body` on a free connection.
  ///
  /// - Returns: nil if none is free, or a lock would have to be waited for: then ask the lane.
  func read<Value>(_ body: (Connection) throws(SQLFailure) -> Value) throws(SQLFailure) -> Value? {
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
      state.all.removeAll { connection in free.contains { $0 === connection } }
      state.free = []
      return free
    }
    for connection in free { connection.close() }
  }

  /// Makes the reads that are under way fail soon.
  func interrupt() {
    for connection in state.withLock({ $0.all }) { connection.interrupt() }
  }

  /// Answers the closers although a read does not end.
  func giveUp() { resumeClosers(false) { _ in true } }

  private enum Loan {
    case lent(Connection)
    case mayOpen, none, closed
  }

  private func borrow() throws(SQLFailure) -> Connection? {
    let loan: Loan = state.withLock { state in
      if state.isClosed { return .closed }
      if let free = state.free.popLast() { return .lent(free) }
      guard state.all.count + state.opening < limit else { return .none }
      state.opening += 1
      return .mayOpen
    }
    switch loan {
    case .lent(let connection): return connection
    case .none: return nil
    case .closed: throw .closed
    case .mayOpen: return try open()
    }
  }

  private func open() throws(SQLFailure) -> Connection? {
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

  private func giveBack(_ connection: Connection, keep: Bool) {
    let kept = state.withLock { state in
      if keep, !state.isClosed {
        state.free.append(connection)
        return true
      }
      return false
    }
    guard !kept else { return }
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
