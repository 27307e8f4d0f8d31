/// The other ways to find a session: by the digest of its access token and of its refresh token.
public struct Aliases: Hashable, Sendable {
  public var accessToken: RecordDigest?
  public var refreshToken: RecordDigest?

  public init(accessToken: RecordDigest? = nil, refreshToken: RecordDigest? = nil) {
    self.accessToken = accessToken
    self.refreshToken = refreshToken
  }

  public static let none = Aliases()

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
