/// What a backend keeps: digests, times and opaque bytes.
///
/// A record is a value. To change one, make its successor with ``replacing(revision:createdAt:expiresAt:aliases:groups:payload:)``
/// and hand both to ``AuthCacheBackend/replace(_:with:)``.
public struct Record: Sendable {
  /// What it is. The same digest under two kinds is two records.
  public let kind: RecordKind
  /// What stands for its id.
  public let digest: RecordDigest
  /// Sixty-four random bits chosen by the writer, new with every store and replace; what compare-and-swap compares.
  public let revision: UInt64
  /// When it was made, by its writer's clock.
  public let createdAt: Timestamp
  /// The instant at which the record is gone; nil only for what never expires.
  public let expiresAt: Timestamp?

  /// What it says: sealed as a rule, and opaque to a backend.
  public let payload: Payload
  /// What is large and rare stands behind one reference: that keeps a record at 96 bytes, cheap to hand through an
  /// existential call. Nil if there is neither; an object that all such records share would be what many tasks that copy
  /// records wait for.
  // Unsafe to share in the eyes of the compiler only: nothing writes to it once it is made.
  nonisolated(unsafe) let relations: Relations?

  /// Other ways to find it; only sessions have any.
  public var aliases: Aliases { relations?.aliases ?? .none }
  /// What it is removed with.
  public var groups: Groups { relations?.groups ?? .none }

  /// A record as a backend keeps it. `expiresAt` is nil for what never expires.
  public init(
    kind: RecordKind, digest: RecordDigest, revision: UInt64, createdAt: Timestamp, expiresAt: Timestamp?,
    aliases: Aliases = .none, groups: Groups = .none, payload: Payload
  ) {
    self.kind = kind
    self.digest = digest
    self.revision = revision
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.payload = payload
    relations = Relations.of(aliases, groups)
  }

  private init(extending record: Record, to expiresAt: Timestamp?) {
    kind = record.kind
    digest = record.digest
    revision = record.revision
    createdAt = record.createdAt
    self.expiresAt = expiresAt
    payload = record.payload
    relations = record.relations
  }

  /// Live if and only if `expiresAt > now`. The only predicate there is.
  @inlinable
  public func isLive(at now: Timestamp) -> Bool {
    guard let expiresAt else { return true }
    return expiresAt > now
  }

  /// The same record with a later end: the larger of its own and `expiresAt`; unchanged if it never expires.
  public func extended(to expiresAt: Timestamp) -> Record {
    guard let current = self.expiresAt, expiresAt > current else { return self }
    return Record(extending: self, to: expiresAt)
  }

  /// A successor under the same kind and digest; what is left out stays as it is.
  public func replacing(
    revision: UInt64, createdAt: Timestamp? = nil, expiresAt: Timestamp?? = nil, aliases: Aliases? = nil,
    groups: Groups? = nil, payload: Payload? = nil
  ) -> Record {
    Record(
      kind: kind, digest: digest, revision: revision, createdAt: createdAt ?? self.createdAt,
      expiresAt: expiresAt ?? self.expiresAt, aliases: aliases ?? self.aliases, groups: groups ?? self.groups,
      payload: payload ?? self.payload
    )
  }

  /// The lookup by id that finds this record.
  public var id: Lookup { Lookup(kind: kind, field: .id, digest: digest) }

  /// Every lookup that finds this record: by id and by each alias.
  public var lookups: [Lookup] {
    [id] + aliases.all.map { Lookup(kind: kind, field: $0.field, digest: $0.digest) }
  }
}

extension Record: Hashable {
  public static func == (a: Record, b: Record) -> Bool {
    a.digest == b.digest && a.kind == b.kind && a.revision == b.revision && a.createdAt == b.createdAt
      && a.expiresAt == b.expiresAt && a.relations == b.relations && a.payload == b.payload
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(digest)
    hasher.combine(revision)
  }
}

extension Record: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The kind, the end and the size; no digest and no byte of the payload.
  public var description: String {
    "Record(\(kind), expires \(expiresAt.map(\.description) ?? "never"), \(payload.count) bytes)"
  }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
