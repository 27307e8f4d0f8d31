internal import AuthCacheConformance
internal import CPostgres
internal import Foundation
internal import Synchronization

/// NOTIFY over one connection until it is received over another (https://www.postgresql.org/docs/15/sql-notify.html).
// Unchecked: the connections are used by one caller at a time, under the lock.
final class PostgresRawNotification: RawNotification, @unchecked Sendable {
  private let speaker: OpaquePointer?
  private let listener: OpaquePointer?
  private let lock = Mutex(())

  init(_ environment: BackendEnvironment) throws {
    guard let url = environment.url else { throw Blocked(PostgresSite.howToReachOne) }
    (speaker, listener) = (PQconnectdb(url), PQconnectdb(url))
    guard PQstatus(speaker) == CONNECTION_OK, PQstatus(listener) == CONNECTION_OK else { throw fault }
    try run("LISTEN bench", over: listener)
  }

  func roundTrip() throws {
    try lock.withLock { _ in
      guard PQsendQuery(speaker, "NOTIFY bench") == 1 else { throw fault }
      while true {
        guard PQconsumeInput(listener) == 1 else { throw fault }
        if let notification = PQnotifies(listener) {
          PQfreemem(notification)
          break
        }
        var descriptor = pollfd(fd: PQsocket(listener), events: Int16(POLLIN), revents: 0)
        guard poll(&descriptor, 1, 5_000) > 0 else { throw fault }
      }
      while let result = PQgetResult(speaker) { PQclear(result) }
    }
  }

  func close() {
    lock.withLock { _ in
      PQfinish(speaker)
      PQfinish(listener)
    }
  }

  private func run(_ text: String, over connection: OpaquePointer?) throws {
    let result = PQexec(connection, text)
    defer { PQclear(result) }
    guard PQresultStatus(result) == PGRES_COMMAND_OK else { throw fault }
  }

  private var fault: Blocked { Blocked("PostgreSQL did not notify") }
}
