/// What a payload is sealed to: everything of its record that a backend keeps unchanged beside it.
///
/// A payload moved to another row, or left in a row that was given somebody else's token, does not open. The record's
/// end is not part of it, because extending a session leaves its payload alone; ends that matter are inside
/// the payload.
public struct SealingContext: Sendable, Equatable {
  let kind: RecordKind
  let digest: RecordDigest
  let aliases: Aliases
  let groups: Groups
  let createdAt: Timestamp
  let revision: UInt64

  /// The fields of a record that its payload is bound to.
  public init(
    kind: RecordKind, digest: RecordDigest, aliases: Aliases, groups: Groups, createdAt: Timestamp, revision: UInt64
  ) {
    self.kind = kind
    self.digest = digest
    self.aliases = aliases
    self.groups = groups
    self.createdAt = createdAt
    self.revision = revision
  }

  /// The context of `record`.
  public init(of record: Record) {
    self.init(
      kind: record.kind, digest: record.digest, aliases: record.aliases, groups: record.groups,
      createdAt: record.createdAt, revision: record.revision)
  }

  /// Format version, kind, digest, the two aliases, the three groups, creation and revision, in this order, each after
  /// its length in four bytes, most significant first. What is absent has length zero; integers have eight bytes.
  var associatedData: [UInt8] {
    var data: [UInt8] = []
    data.reserveCapacity(288)
    data.appendLengthPrefixed(CollectionOfOne(SealedFormat.version))
    data.appendLengthPrefixed(kind.rawValue.utf8)
    data.appendLengthPrefixed(digest)
    data.appendLengthPrefixed(aliases.accessToken)
    data.appendLengthPrefixed(aliases.refreshToken)
    data.appendLengthPrefixed(groups.subject)
    data.appendLengthPrefixed(groups.providerSession)
    data.appendLengthPrefixed(groups.grant)
    withUnsafeBytes(of: createdAt.millisecondsSinceEpoch.bigEndian) { data.appendLengthPrefixed($0) }
    withUnsafeBytes(of: revision.bigEndian) { data.appendLengthPrefixed($0) }
    return data
  }
}

extension [UInt8] {
  fileprivate mutating func appendLengthPrefixed(_ digest: RecordDigest?) {
    guard let digest else { return appendLengthPrefixed(EmptyCollection()) }
    digest.withUnsafeBytes { appendLengthPrefixed($0) }
  }
}

extension SealingContext: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "SealingContext(\(kind))" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
