/// Names a record by its kind and one of its digests.
public struct Lookup: Hashable, Sendable {
  /// Which digest of the record is meant.
  public enum Field: String, Sendable, CaseIterable {
    /// That of its id.
    case id
    /// That of its access token.
    case accessToken
    /// That of its refresh token.
    case refreshToken
  }

  /// The kind of the record.
  public let kind: RecordKind
  /// By which of its digests.
  public let field: Field
  /// The digest that finds it.
  public let digest: RecordDigest

  /// The record of that kind that is found by `digest` in that field.
  public init(kind: RecordKind, field: Field, digest: RecordDigest) {
    self.kind = kind
    self.field = field
    self.digest = digest
  }

  /// The record of that kind under its id.
  public static func id(_ kind: RecordKind, _ digest: RecordDigest) -> Lookup {
    Lookup(kind: kind, field: .id, digest: digest)
  }

  /// The record that has that access token.
  public static func accessToken(_ digest: RecordDigest, kind: RecordKind = .session) -> Lookup {
    Lookup(kind: kind, field: .accessToken, digest: digest)
  }

  /// The record that has that refresh token.
  public static func refreshToken(_ digest: RecordDigest, kind: RecordKind = .session) -> Lookup {
    Lookup(kind: kind, field: .refreshToken, digest: digest)
  }

  @inlinable
  public static func == (a: Lookup, b: Lookup) -> Bool {
    a.digest == b.digest && a.field == b.field && a.kind == b.kind
  }

  /// One word of the digest: kinds and fields seldom share one, and equality tells them apart.
  @inlinable
  public func hash(into hasher: inout Hasher) { hasher.combine(digest.words.0) }
}

extension Lookup: CustomStringConvertible {
  public var description: String { "\(kind) by \(field.rawValue)" }
}
