/// What a session is found by, in the clear: for the client, and for nobody else.
///
/// What is left out does not exist, but for the id: a session stored without one gets a random one.
public struct SessionCredentials: Sendable, Hashable {
  let idBytes: [UInt8]?
  let accessTokenBytes: [UInt8]?
  let refreshTokenBytes: [UInt8]?

  /// Credentials of text.
  public init(id: String? = nil, accessToken: String? = nil, refreshToken: String? = nil) {
    self.init(
      idBytes: id.map { [UInt8]($0.utf8) }, accessTokenBytes: accessToken.map { [UInt8]($0.utf8) },
      refreshTokenBytes: refreshToken.map { [UInt8]($0.utf8) })
  }

  /// Credentials of bytes, for what may not be text.
  public init(idBytes: [UInt8]?, accessTokenBytes: [UInt8]? = nil, refreshTokenBytes: [UInt8]? = nil) {
    self.idBytes = idBytes
    self.accessTokenBytes = accessTokenBytes
    self.refreshTokenBytes = refreshTokenBytes
  }

  /// The session's id; nil after a rotation, which leaves it as it is and does not know it.
  public var id: String? { Self.text(idBytes) }
  /// The access token; nil if the session has none.
  public var accessToken: String? { Self.text(accessTokenBytes) }
  /// The refresh token; nil if the session has none.
  public var refreshToken: String? { Self.text(refreshTokenBytes) }

  private static func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
}

/// A session and the credentials that it was just given. This is the only moment at which they are known.
public struct IssuedSession: Sendable, Hashable {
  /// The session.
  public let session: Session
  /// Its tokens, which nobody can find out again later.
  public let credentials: SessionCredentials
}

extension SessionCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "SessionCredentials(…)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension IssuedSession: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "IssuedSession(…)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
