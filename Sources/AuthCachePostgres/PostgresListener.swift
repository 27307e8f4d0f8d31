internal import AuthCache
internal import AuthCacheSQL
internal import CPostgres
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A thread that listens to one channel (https://www.postgresql.org/docs/15/libpq-notify.html).
final class PostgresListener: Sendable {
  private typealias Starting = CheckedContinuation<Result<Void, SQLFailure>, Never>

  private struct State {
    var starting: Starting?
    var socket: Int32?
    var isInterrupted = false
    var hasEnded = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let driver: PostgresDriver
  private let channel: String
  private let versionTable: String
  private let checkInterval: Duration
  private let mailbox: InvalidationMailbox
  private let state = Mutex(State())

  init(_ configuration: PostgresBackend.Configuration, _ layout: TableLayout, into mailbox: InvalidationMailbox) {
    var configuration = configuration
    configuration.address = configuration.listenAddress ?? configuration.address
    driver = PostgresDriver(configuration, layout: layout)
    channel = PostgresDialect.channel(of: layout.base)
    versionTable = Schema(layout, dialect: driver.dialect, part: .announcements).versionTable
    checkInterval = configuration.listenCheckInterval
    self.mailbox = mailbox
  }

  /// Returns when the server has been told to tell.
  func start() async throws(SQLFailure) {
    let result = await withCheckedContinuation { (continuation: Starting) in
      state.withLock { $0.starting = continuation }
      do throws(SQLFailure) {
        try LaneThread { self.run() }.detach()
      } catch {
        end(.failure(error))
      }
    }
    try result.get()
  }

  /// Makes the thread end soon. It does no harm to ask again, or too late.
  func interrupt() {
    state.withLock { state in
      state.isInterrupted = true
      if let socket = state.socket { _ = shutdown(socket, Int32(SHUT_RDWR)) }
    }
  }

  /// Returns when the thread has closed its connection.
  func ended() async {
    await withCheckedContinuation { continuation in
      let hasEnded = state.withLock { state in
        if !state.hasEnded { state.waiters.append(continuation) }
        return state.hasEnded
      }
      if hasEnded { continuation.resume() }
    }
  }
}

// MARK: - The thread

extension PostgresListener {
  private func run() {
    do throws(SQLFailure) {
      let connection = try driver.open()
      do throws(SQLFailure) {
        try listen(over: connection)
      } catch {
        close(connection)
        throw error
      }
    } catch {
      end(.failure(error))
    }
  }

  private func close(_ connection: OpaquePointer) {
    state.withLock { $0.socket = nil }
    PQfinish(connection)
  }

  /// Tells everybody who waits; a subscriber that did not wish the end hears why it came.
  private func end(_ result: Result<Void, SQLFailure>) {
    let (starting, waiters, isWished) = state.withLock { state in
      defer { (state.starting, state.waiters, state.hasEnded) = (nil, [], true) }
      return (state.starting, state.waiters, state.isInterrupted)
    }
    if case .failure(let failure) = result, !isWished {
      mailbox.finish(throwing: failure.error(.invalidations, nil))
    } else {
      mailbox.finish()
    }
    starting?.resume(returning: result)
    for waiter in waiters { waiter.resume() }
  }

  private func listen(over connection: OpaquePointer) throws(SQLFailure) {
    PQsetNoticeProcessor(connection, { _, _ in }, nil)
    let isWanted = state.withLock { state in
      state.socket = PQsocket(connection)
      return !state.isInterrupted
    }
    guard isWanted else { throw Self.lost }
    // The table may be older than the wish to listen to it.
    do throws(SQLFailure) {
      try ask("SELECT max(version) FROM \(versionTable)", over: connection)
    } catch {
      guard error.condition == .confined else { throw error }
      throw SQLFailure(.unsupported, AuthCacheError.nothingAnnounced.reason)
    }
    try ask("LISTEN \"\(channel)\"", over: connection)
    let starting = state.withLock { state in
      defer { state.starting = nil }
      return state.starting
    }
    starting?.resume(returning: .success(()))
    while true {
      handOn(from: connection)
      if try wait(for: connection, until: .now + checkInterval) {
        guard PQconsumeInput(connection) == 1 else { throw Self.lost }
      } else {
        // A connection that was cut somewhere in between is as silent as one with nothing to tell.
        try ask("SELECT 1", over: connection)
      }
    }
  }

  /// Runs `text` within the check interval.
  private func ask(_ text: String, over connection: OpaquePointer) throws(SQLFailure) {
    guard PQsendQuery(connection, text) == 1 else { throw Self.lost }
    let deadline = Monotonic.now + checkInterval
    var failure: SQLFailure?
    while true {
      while PQisBusy(connection) == 1 {
        guard try wait(for: connection, until: deadline) else {
          throw SQLFailure(
            .timeout, condition: .disconnected,
            "PostgreSQL did not answer within \(checkInterval.wholeMilliseconds) ms while changes were listened to")
        }
        guard PQconsumeInput(connection) == 1 else { throw Self.lost }
        handOn(from: connection)
      }
      guard let result = PQgetResult(connection) else { break }
      defer { PQclear(result) }
      switch PQresultStatus(result) {
      case PGRES_COMMAND_OK, PGRES_TUPLES_OK: break
      default: failure = SQLFailure(postgres: result)
      }
    }
    if let failure { throw failure }
    guard PQstatus(connection) == CONNECTION_OK else { throw Self.lost }
  }

  /// - Returns: false if nothing came.
  private func wait(for connection: OpaquePointer, until deadline: Monotonic) throws(SQLFailure) -> Bool {
    var descriptor = pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
    while true {
      let left = (deadline - .now).wholeMilliseconds
      guard left >= 0 else { return false }
      let count = poll(&descriptor, 1, Int32(clamping: left + 1))
      if count > 0 { return true }
      if count < 0, errno != EINTR { throw Self.lost }
    }
  }

  private func handOn(from connection: OpaquePointer) {
    var news: [Invalidation] = []
    while let notification = PQnotifies(connection) {
      if let payload = notification.pointee.extra {
        news += PostgresAnnouncement.invalidations(in: UnsafeBufferPointer(start: payload, count: strlen(payload)))
      }
      PQfreemem(notification)
    }
    mailbox.announce(news)
  }

  private static var lost: SQLFailure {
    SQLFailure(
      .unavailable, condition: .disconnected, "the connection over which changes were listened to was lost")
  }
}
