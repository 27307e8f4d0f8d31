/// A session as it was when it was loaded or stored.
public struct Session: Sendable {
  let content: SessionContent
  let record: Record

  /// What it was created from.
  public var details: SessionDetails { content.details }
  /// The client it belongs to, if any.
  public var clientID: String? { content.details.clientID }
  /// Whose it is, if known.
  public var subject: SubjectIdentifier? { content.details.subject }
  /// The login at the provider that it rests on, if any.
  public var providerSession: ProviderSession? { content.details.providerSession }
  /// What was granted.
  public var scopes: [String] { content.details.scopes }
  /// What the application keeps with it.
  public var data: AppData { content.details.data }
  /// What it is revoked by together with everything else that came of the same authorization.
  public var grant: Grant { content.grant }
  /// When it was created.
  public var createdAt: Timestamp { record.createdAt }
  /// When it ends unless it is used before: the idle end, never later than the absolute one.
  public var expiresAt: Timestamp { min(record.expiresAt ?? content.absoluteEnd, content.absoluteEnd) }
  /// When it ends in any case.
  public var absoluteEnd: Timestamp { content.absoluteEnd }
  /// When the access token ends; nil if there is none. The session may live on.
  public var accessTokenExpiresAt: Timestamp? { content.accessTokenEnd }
  /// How long it lives on after each use.
  public var idle: Duration { .milliseconds(content.idle) }
}

extension Session: Hashable {
  /// Whether both are the same state of one session.
  public static func == (a: Session, b: Session) -> Bool { a.record == b.record }
  public func hash(into hasher: inout Hasher) { hasher.combine(record) }
}

extension Session: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "Session(…)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// What the payload of a session opened to. A class, so that a remembered session is handed out by reference.
final class SessionContent: Sendable {
  let details: SessionDetails
  let grant: Grant
  let absoluteEnd: Timestamp
  let accessTokenEnd: Timestamp?
  let idle: Int64
  let accessTokenLifetime: Int64

  init(
    details: SessionDetails, grant: Grant, absoluteEnd: Timestamp, accessTokenEnd: Timestamp?, idle: Int64,
    accessTokenLifetime: Int64
  ) {
    self.details = details
    self.grant = grant
    self.absoluteEnd = absoluteEnd
    self.accessTokenEnd = accessTokenEnd
    self.idle = idle
    self.accessTokenLifetime = accessTokenLifetime
  }

  convenience init(_ stored: StoredSession) {
    self.init(
      details: SessionDetails(
        clientID: stored.clientID, subject: stored.subject, providerSession: stored.providerSession,
        scopes: stored.scopes ?? [], data: AppData(stored.data)),
      grant: stored.grant, absoluteEnd: Timestamp(millisecondsSinceEpoch: stored.absoluteEnd),
      accessTokenEnd: stored.accessTokenEnd.map(Timestamp.init(millisecondsSinceEpoch:)), idle: stored.idle,
      accessTokenLifetime: stored.accessTokenLifetime)
  }
}

/// A session as it stands in a payload. Neither its id nor its tokens are in it.
struct StoredSession: Codable {
  var clientID: String?
  var subject: SubjectIdentifier?
  var providerSession: ProviderSession?
  var scopes: [String]?
  var data: StoredAppData?
  var grant: Grant
  var absoluteEnd: Int64
  var accessTokenEnd: Int64?
  var idle: Int64
  var accessTokenLifetime: Int64

  init(_ content: SessionContent) {
    clientID = content.details.clientID
    subject = content.details.subject
    providerSession = content.details.providerSession
    scopes = content.details.scopes.isEmpty ? nil : content.details.scopes
    data = content.details.data.stored
    grant = content.grant
    absoluteEnd = content.absoluteEnd.millisecondsSinceEpoch
    accessTokenEnd = content.accessTokenEnd?.millisecondsSinceEpoch
    idle = content.idle
    accessTokenLifetime = content.accessTokenLifetime
  }
}
