/// One user at one issuer (OpenID Connect Core 1.0 §2: `iss` and `sub`).
public struct SubjectIdentifier: Hashable, Sendable, Codable {
  /// The provider's identifier: a URL, compared exactly.
  public let issuer: String
  /// The provider's name of the user, its `sub` claim.
  public let subject: String

  /// A user at a provider (OpenID Connect Core 1.0 §2).
  public init(issuer: String, subject: String) {
    self.issuer = issuer
    self.subject = subject
  }
}

/// One session at the provider (OpenID Connect Back-Channel Logout 1.0 §2.1: `iss` and `sid`).
public struct ProviderSession: Hashable, Sendable, Codable {
  /// The provider's identifier: a URL, compared exactly.
  public let issuer: String
  /// The provider's name of the session, its `sid` claim.
  public let sid: String

  /// A session at a provider (OpenID Connect Back-Channel Logout 1.0 §2.4).
  public init(issuer: String, sid: String) {
    self.issuer = issuer
    self.sid = sid
  }
}

/// One authorization that was granted: the code, the sessions that came of it and their spent refresh tokens.
///
/// A group of its own, so that a replayed code revokes what came of that code, and not everything of the user.
public struct Grant: Hashable, Sendable, Codable {
  public let id: String

  /// A grant that the application names. The name must be unique.
  public init(id: String) { self.id = id }
}

extension SubjectIdentifier: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "SubjectIdentifier(…)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension ProviderSession: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "ProviderSession(…)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension Grant: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "Grant(…)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
