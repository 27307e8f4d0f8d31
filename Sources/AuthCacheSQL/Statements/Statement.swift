internal import AuthCache

/// Every statement that the operations use, by name. A connection prepares each at most once.
package enum Statement: Int, CaseIterable, Sendable {
  case loadByID, loadByAccessToken, loadByRefreshToken
  case consumeByID, consumeByAccessToken, consumeByRefreshToken
  case removeByID, removeByAccessToken, removeByRefreshToken
  case extendByID, extendByAccessToken, extendByRefreshToken
  case store, insert, replace
  case dropExpiredHolderOfAccessToken, dropExpiredHolderOfRefreshToken
  case removeExpired
  case removeSubject, removeProviderSession, removeGrant
  case list
  case savepoint, releaseSavepoint, rollbackToSavepoint

  static func load(by field: Lookup.Field) -> Statement {
    switch field {
    case .id: .loadByID
    case .accessToken: .loadByAccessToken
    case .refreshToken: .loadByRefreshToken
    }
  }

  static func consume(by field: Lookup.Field) -> Statement {
    switch field {
    case .id: .consumeByID
    case .accessToken: .consumeByAccessToken
    case .refreshToken: .consumeByRefreshToken
    }
  }

  static func remove(by field: Lookup.Field) -> Statement {
    switch field {
    case .id: .removeByID
    case .accessToken: .removeByAccessToken
    case .refreshToken: .removeByRefreshToken
    }
  }

  static func extend(by field: Lookup.Field) -> Statement {
    switch field {
    case .id: .extendByID
    case .accessToken: .extendByAccessToken
    case .refreshToken: .extendByRefreshToken
    }
  }

  static func remove(_ role: Group.Role) -> Statement {
    switch role {
    case .subject: .removeSubject
    case .providerSession: .removeProviderSession
    case .grant: .removeGrant
    }
  }
}
