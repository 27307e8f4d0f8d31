internal import AuthCache

extension SQLCursor {
  /// Binds every column from position 0 on, with the bytes of the payload.
  func bind(_ record: Record, payload: UnsafeRawBufferPointer) {
    let aliases = record.aliases
    let groups = record.groups
    bind(record.kind, at: Column.kind.rawValue)
    bind(record.digest, at: Column.digest.rawValue)
    bind(aliases.accessToken, at: Column.accessToken.rawValue)
    bind(aliases.refreshToken, at: Column.refreshToken.rawValue)
    bind(groups.subject, at: Column.subject.rawValue)
    bind(groups.providerSession, at: Column.providerSession.rawValue)
    bind(groups.grant, at: Column.grant.rawValue)
    bind(Int64(bitPattern: record.revision), at: Column.revision.rawValue)
    bind(record.createdAt, at: Column.createdAt.rawValue)
    bind(record.expiresAt, at: Column.expiresAt.rawValue)
    bind(payload, at: Column.payload.rawValue)
  }

  func bind(_ lookup: Lookup) {
    bind(lookup.kind, at: 0)
    bind(lookup.digest, at: 1)
  }

  func bind(_ lookup: Lookup, now: Timestamp) {
    bind(lookup)
    bind(now, at: 2)
  }

  /// The current row of a statement that selects `Column.selected`.
  func record(of kind: RecordKind) throws(SQLFailure) -> Record {
    guard let id = try digest(at: .digest), let revision = try integer(at: .revision),
      let createdAt = try integer(at: .createdAt)
    else { throw SQLFailure(.corrupt, condition: .confined, "a row lacks a column that every record has") }
    return Record(
      kind: kind, digest: id, revision: UInt64(bitPattern: revision),
      createdAt: Timestamp(millisecondsSinceEpoch: createdAt),
      expiresAt: try integer(at: .expiresAt).map(Timestamp.init(millisecondsSinceEpoch:)),
      aliases: Aliases(accessToken: try digest(at: .accessToken), refreshToken: try digest(at: .refreshToken)),
      groups: Groups(
        subject: try digest(at: .subject), providerSession: try digest(at: .providerSession),
        grant: try digest(at: .grant)),
      payload: Payload(try bytes(at: Column.payload.rawValue - 1)))
  }

  private func digest(at column: Column) throws(SQLFailure) -> RecordDigest? {
    try digest(at: column.rawValue - 1)
  }

  private func integer(at column: Column) throws(SQLFailure) -> Int64? {
    try integer(at: column.rawValue - 1)
  }
}
