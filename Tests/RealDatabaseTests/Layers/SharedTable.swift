import AuthCache
import AuthCacheSQLite
import AuthCacheServers
import Foundation

/// A table of its own in one of the databases, which any number of handles use and whose changes are announced.
struct SharedTable: Sendable {
  enum Store: String, CaseIterable, Sendable, CustomStringConvertible {
    case sqlite, postgres, mariadb

    static let here = allCases.filter { $0.database?.server.canBeTested ?? true }

    var description: String { rawValue }
    var database: Database? { Database(rawValue: rawValue) }
  }

  let store: Store
  private let name = SharedServer.tableName()
  private let file = FileManager.default.temporaryDirectory.appendingPathComponent("layers-\(UUID().uuidString).db")

  init(in store: Store) { self.store = store }

  func open() async throws -> Database.Announcer {
    if let database = store.database {
      return try await database.announcing(try await SharedServer.of(database).url, table: name)
    }
    var configuration = SQLiteBackend.Configuration(path: file.path)
    (configuration.announcesChanges, configuration.changeInterval) = (true, .milliseconds(20))
    // No law here is about the loss of power.
    configuration.synchronous = .normal
    return try await SQLiteBackend(configuration: configuration)
  }

  func destroy() {
    for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file.path + suffix) }
  }
}
