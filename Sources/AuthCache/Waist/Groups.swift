/// What a record is revoked together with.
public struct Groups: Hashable, Sendable {
  /// Everything of one user at one issuer: issuer and `sub`.
  public var subject: RecordDigest?
  /// Everything of one session at the provider: issuer and `sid` (OpenID Connect Back-Channel Logout 1.0).
  public var providerSession: RecordDigest?
  /// Everything that came of one grant: what a replayed code or refresh token revokes.
  public var grant: RecordDigest?

  /// The groups of a record; none if left out.
  public init(subject: RecordDigest? = nil, providerSession: RecordDigest? = nil, grant: RecordDigest? = nil) {
    self.subject = subject
    self.providerSession = providerSession
    self.grant = grant
  }

  /// No group.
  public static let none = Groups()

  /// Whether there is none.
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
  /// What the records of a group have in common.
  public enum Role: String, Sendable, CaseIterable {
    /// One user at one provider.
    case subject
    /// One login at the provider.
    case providerSession
    /// One authorization code, and whatever was issued for it.
    case grant
  }

  /// What its records have in common.
  public let role: Role
  /// The digest that its records carry.
  public let digest: RecordDigest

  /// The group of all records that carry `digest` in that role.
  public init(role: Role, digest: RecordDigest) {
    self.role = role
    self.digest = digest
  }

  /// Whatever belongs to one user.
  public static func subject(_ digest: RecordDigest) -> Group { Group(role: .subject, digest: digest) }
  /// Whatever rests on one login at the provider.
  public static func providerSession(_ digest: RecordDigest) -> Group { Group(role: .providerSession, digest: digest) }
  /// Whatever was issued for one grant.
  public static func grant(_ digest: RecordDigest) -> Group { Group(role: .grant, digest: digest) }
}

extension Group: CustomStringConvertible {
  public var description: String { "Group(\(role.rawValue))" }
}
