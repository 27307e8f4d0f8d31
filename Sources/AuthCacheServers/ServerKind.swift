internal import Foundation

/// A database server that can be started for a while.
package enum ServerKind: String, Sendable, CaseIterable {
  case postgres, mariadb

  package var name: String {
    switch self {
    case .postgres: "PostgreSQL"
    case .mariadb: "MariaDB"
    }
  }

  /// The database that an address names where it need not be another.
  var database: String {
    switch self {
    case .postgres: "postgres"
    case .mariadb: "authcache"
    }
  }

  /// Nil if its programs are on this machine, else what to do.
  package var whatIsMissing: String? {
    do {
      _ = try recipe
      return nil
    } catch {
      return "\(error)"
    }
  }

  package var isInstalled: Bool { whatIsMissing == nil }

  /// True where a missing server is a failure and not a skip: in CI, and wherever the scripts in `ci/` run.
  package static var isRequired: Bool {
    let variables = ProcessInfo.processInfo.environment
    return variables["AUTHCACHE_STRICT"] == "1" || !(variables["CI"] ?? "").isEmpty
  }

  /// For the condition of a test: run it, or skip it visibly where the server is neither here nor required.
  package var canBeTested: Bool { isInstalled || Self.isRequired }

  var recipe: any ServerRecipe {
    get throws(ServerFault) {
      switch self {
      case .postgres: try PostgresRecipe()
      case .mariadb: try MariaDBRecipe()
      }
    }
  }
}

/// Why a server is not there, as one sentence that says what to do.
package struct ServerFault: Error, Sendable, CustomStringConvertible {
  package let description: String
  init(_ description: String) { self.description = description }
}
