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

  public static let state: DigestRole = "state"
  public static let verifier: DigestRole = "verifier"
  public static let code: DigestRole = "code"
  public static let sessionID: DigestRole = "session.id"
  public static let accessToken: DigestRole = "session.access"
  public static let refreshToken: DigestRole = "session.refresh"
  public static let client: DigestRole = "client"
  public static let clientSecret: DigestRole = "client.secret"
  public static let subjectGroup: DigestRole = "group.subject"
  public static let providerSessionGroup: DigestRole = "group.providerSession"
  public static let grantGroup: DigestRole = "group.grant"
}

extension DigestRole: CustomStringConvertible {
  public var description: String { rawValue }
}
