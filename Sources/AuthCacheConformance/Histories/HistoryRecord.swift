internal import AuthCache

/// A digest as a history keeps it: the same in every process that uses the same salt, and of no use to anybody else.
public struct HistoryDigest: Hashable, Sendable, Codable, Comparable {
  /// Eight bytes that stand for the digest.
  public let fingerprint: UInt64

  init(_ fingerprint: UInt64) { self.fingerprint = fingerprint }

  public init(from decoder: any Decoder) throws { fingerprint = try decoder.singleValueContainer().decode(UInt64.self) }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(fingerprint)
  }

  public static func < (a: HistoryDigest, b: HistoryDigest) -> Bool { a.fingerprint < b.fingerprint }
}

/// A lookup as a history keeps it.
public struct HistoryLookup: Hashable, Sendable, Codable {
  /// The kind of the record.
  public let kind: String
  /// `id`, `accessToken` or `refreshToken`.
  public let field: String
  /// The digest that finds it.
  public let digest: HistoryDigest

  var isByID: Bool { field == Lookup.Field.id.rawValue }
}

/// A record as a history keeps it: enough to tell two apart, and nothing that is secret.
public struct HistoryRecord: Hashable, Sendable, Codable {
  public let id: HistoryLookup
  /// Its revision.
  public let revision: UInt64
  /// Milliseconds since the Unix epoch; nil for never.
  public let expiresAt: Int64?
  /// The lookups by alias that find it.
  public let aliases: [HistoryLookup]
  /// Its groups.
  public let groups: [HistoryGroup]
  /// Everything else in one number: `createdAt`, aliases, groups and payload.
  public let contents: UInt64

  /// The same contents under the same revision, whenever they end.
  func isSame(as other: HistoryRecord) -> Bool {
    id == other.id && revision == other.revision && contents == other.contents
  }
}

/// A group as a history keeps it.
public struct HistoryGroup: Hashable, Sendable, Codable {
  /// What its records have in common: the raw value of a ``Group/Role``.
  public let role: String
  /// The digest that its records carry.
  public let digest: HistoryDigest
}

/// Turns what a backend is given into what a history keeps.
struct Anonymiser: Sendable {
  let salt: UInt64

  func digest(_ digest: RecordDigest) -> HistoryDigest {
    var mixed = salt
    for word in [digest.words.0, digest.words.1, digest.words.2, digest.words.3] { mixed = Self.mix(mixed, word) }
    return HistoryDigest(mixed)
  }

  func lookup(_ lookup: Lookup) -> HistoryLookup {
    HistoryLookup(kind: lookup.kind.rawValue, field: lookup.field.rawValue, digest: digest(lookup.digest))
  }

  func group(_ group: Group) -> HistoryGroup {
    HistoryGroup(role: group.role.rawValue, digest: digest(group.digest))
  }

  func record(_ record: Record) -> HistoryRecord {
    let aliases = record.lookups.dropFirst().map(lookup)
    let groups = record.groups.all.map(group)
    var contents = Self.mix(salt, UInt64(bitPattern: record.createdAt.millisecondsSinceEpoch))
    for alias in aliases { contents = Self.mix(contents, alias.digest.fingerprint) }
    for group in groups { contents = Self.mix(contents, group.digest.fingerprint) }
    for byte in record.payload.bytes { contents = Self.mix(contents, UInt64(byte)) }
    return HistoryRecord(
      id: lookup(record.id), revision: record.revision, expiresAt: record.expiresAt?.millisecondsSinceEpoch,
      aliases: aliases, groups: groups, contents: contents)
  }

  private static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    var generator = SeededGenerator(seed: a ^ b)
    return generator.next()
  }
}
