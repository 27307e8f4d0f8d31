/// Names a record by its kind and one of its digests.
public struct Lookup: Hashable, Sendable {
  /// Which digest of the record is meant.
  public enum Field: String, Sendable, CaseIterable {
    case id, accessToken, refreshToken
  }

  public let kind: RecordKind
  public let field: Field
  public let digest: RecordDigest

  public init(kind: RecordKind, field: Field, digest: RecordDigest) {
    self.kind = kind
    self.field = field
    self.digest = digest
  }

  public static func id(_ kind: RecordKind, _ digest: RecordDigest) -> Lookup {
    Lookup(kind: kind, field: .id, digest: digest)
  }

  public static func accessToken(_ digest: RecordDigest, kind: RecordKind = .session) -> Lookup {
    Lookup(kind: kind, field: .accessToken, digest: digest)
  }

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
