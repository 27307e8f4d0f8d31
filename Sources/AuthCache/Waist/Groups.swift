/// What a record is revoked together with.
public struct Groups: Hashable, Sendable {
  /// Everything of one user at one issuer: issuer and `sub`.
  public var subject: RecordDigest?
  /// Everything of one session at the provider: issuer and `sid` (OpenID Connect Back-Channel Logout 1.0).
  public var providerSession: RecordDigest?
  /// Everything that came of one grant: what a replayed code or refresh token revokes.
  public var grant: RecordDigest?

  public init(subject: RecordDigest? = nil, providerSession: RecordDigest? = nil, grant: RecordDigest? = nil) {
    self.subject = subject
    self.providerSession = providerSession
    self.grant = grant
  }

  public static let none = Groups()

  public var isEmpty: Bool { subject == nil && providerSession == nil && grant == nil }

  /// The groups that are set.
  public var all: [Group] {
    var all: [Group] = []
    if let subject { all.append(.subject(subject)) }
    if let providerSession { all.append(.providerSession(providerSession)) }
    if let grant { all.append(.grant(grant)) }
    return all
  }

  /// The digest under `role`.
  public subscript(role: Group.Role) -> RecordDigest? {
    switch role {
    case .subject: subject
    case .providerSession: providerSession
    case .grant: grant
    }
  }
}

/// One group, named by its role and digest.
public struct Group: Hashable, Sendable {
  public enum Role: String, Sendable, CaseIterable {
    case subject, providerSession, grant
  }

  public let role: Role
  public let digest: RecordDigest

  public init(role: Role, digest: RecordDigest) {
    self.role = role
    self.digest = digest
  }

  public static func subject(_ digest: RecordDigest) -> Group { Group(role: .subject, digest: digest) }
  public static func providerSession(_ digest: RecordDigest) -> Group { Group(role: .providerSession, digest: digest) }
  public static func grant(_ digest: RecordDigest) -> Group { Group(role: .grant, digest: digest) }
}

extension Group: CustomStringConvertible {
  public var description: String { "Group(\(role.rawValue))" }
}
