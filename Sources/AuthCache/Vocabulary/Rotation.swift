/// What became of the rotation of a refresh token.
public enum Rotation: Sendable {
  /// The session goes on under new tokens; the old ones find nothing. Its id stays, and is not among the credentials.
  case rotated(IssuedSession)
  /// The client showed a refresh token that was rotated before. Revoke the grant (RFC 9700 §4.14.2).
  case reused(Grant)
  /// No such refresh token, its session has ended, or it belongs to another client.
  case unknown
}

/// The memory of a rotated refresh token as it stands in a payload.
struct StoredSpentRefresh: Codable {
  /// The digest of the session's id.
  var session: String
  var clientID: String?
  var grant: Grant
  var rotatedAt: Int64
  /// Digests of the successor's tokens.
  var accessTokenDigest: String?
  var refreshTokenDigest: String
  /// The successor's tokens, kept only where a grace period may hand them out again.
  var accessToken: [UInt8]?
  var refreshToken: [UInt8]?
  var accessTokenEnd: Int64?

  /// - Throws: `corrupt` if a digest is none.
  func sessionDigest() throws(AuthCacheError) -> RecordDigest { try Self.digest(session) }

  func aliases() throws(AuthCacheError) -> Aliases {
    var aliases = Aliases(refreshToken: try Self.digest(refreshTokenDigest))
    if let accessTokenDigest { aliases.accessToken = try Self.digest(accessTokenDigest) }
    return aliases
  }

  private static func digest(_ text: String) throws(AuthCacheError) -> RecordDigest {
    guard let digest = Base64URL.decode(text).flatMap({ RecordDigest(bytes: $0) }) else {
      throw AuthCacheError(.corrupt, operation: .decode, kind: .spentRefresh, "what is stored is no digest")
    }
    return digest
  }
}
