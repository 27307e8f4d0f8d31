/// The other ways to find a session: by the digest of its access token and of its refresh token.
public struct Aliases: Hashable, Sendable {
  /// The digest of the access token, if the session has one.
  public var accessToken: RecordDigest?
  /// The digest of the refresh token, if the session has one.
  public var refreshToken: RecordDigest?

  /// The aliases of a session; none if left out.
  public init(accessToken: RecordDigest? = nil, refreshToken: RecordDigest? = nil) {
    self.accessToken = accessToken
    self.refreshToken = refreshToken
  }

  /// No alias.
  public static let none = Aliases()

  /// Whether there is none.
  public var isEmpty: Bool { accessToken == nil && refreshToken == nil }

  /// The aliases that are set, each with the field that it is looked up by.
  public var all: [(field: Lookup.Field, digest: RecordDigest)] {
    var all: [(field: Lookup.Field, digest: RecordDigest)] = []
    if let accessToken { all.append((.accessToken, accessToken)) }
    if let refreshToken { all.append((.refreshToken, refreshToken)) }
    return all
  }

  /// The digest under `field`; nil for `.id`, which is no alias.
  public subscript(field: Lookup.Field) -> RecordDigest? {
    switch field {
    case .id: nil
    case .accessToken: accessToken
    case .refreshToken: refreshToken
    }
  }
}
