internal import AuthCache

/// The columns of the table, in the order in which a record is bound and read.
enum Column: Int, CaseIterable {
  case kind, digest, accessToken, refreshToken, subject, providerSession, grant, revision, createdAt, expiresAt, payload

  var name: String {
    switch self {
    case .kind: "kind"
    case .digest: "digest"
    case .accessToken: "access_token_digest"
    case .refreshToken: "refresh_token_digest"
    case .subject: "subject_digest"
    case .providerSession: "provider_session_digest"
    case .grant: "grant_digest"
    case .revision: "revision"
    case .createdAt: "created_at"
    case .expiresAt: "expires_at"
    case .payload: "payload"
    }
  }

  /// What a statement that returns records selects: everything but the kind, which the caller knows.
  static let selected = Array(allCases.dropFirst())
  /// What an overwrite sets: everything but the key.
  static let contents = Array(allCases.dropFirst(2))
}

extension Lookup.Field {
  var column: Column {
    switch self {
    case .id: .digest
    case .accessToken: .accessToken
    case .refreshToken: .refreshToken
    }
  }
}

extension Group.Role {
  var column: Column {
    switch self {
    case .subject: .subject
    case .providerSession: .providerSession
    case .grant: .grant
    }
  }
}
