/// What a digest stands for. Part of what is hashed, so that one token in two roles has two unrelated digests.
///
/// The set is open; a role is 1 to 255 bytes of UTF-8.
public struct DigestRole: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral {
  public let rawValue: String
  /// Whether what is hashed in this role can be guessed: a group's and a client's names, unlike a random token.
  let isGuessable: Bool

  /// Returns nil unless `rawValue` has 1 to 255 bytes.
  public init?(rawValue: String) {
    guard (1...255).contains(rawValue.utf8.count) else { return nil }
    self.rawValue = rawValue
    isGuessable = rawValue.hasPrefix("group.") || rawValue.hasPrefix("client")
  }

  /// A role spelled out in source. Stops the program if the text does not have 1 to 255 bytes.
  public init(stringLiteral value: String) {
    guard let role = Self(rawValue: value) else { preconditionFailure("a digest role has 1 to 255 bytes") }
    self = role
  }

  /// Of a login's `state` parameter.
  public static let state: DigestRole = "state"
  /// Of the key under which a PKCE verifier is kept.
  public static let verifier: DigestRole = "verifier"
  /// Of an authorization code.
  public static let code: DigestRole = "code"
  /// Of a session's id.
  public static let sessionID: DigestRole = "session.id"
  /// Of an access token.
  public static let accessToken: DigestRole = "session.access"
  /// Of a refresh token.
  public static let refreshToken: DigestRole = "session.refresh"
  /// Of a client's id.
  public static let client: DigestRole = "client"
  /// Of a client's secret.
  public static let clientSecret: DigestRole = "client.secret"
  /// Of an issuer and a subject: all sessions of one user.
  public static let subjectGroup: DigestRole = "group.subject"
  /// Of an issuer and a `sid`: all sessions of one login at the provider.
  public static let providerSessionGroup: DigestRole = "group.providerSession"
  /// Of a grant: whatever was issued for one code.
  public static let grantGroup: DigestRole = "group.grant"
}

extension DigestRole: CustomStringConvertible {
  public var description: String { rawValue }
}
