extension VocabularyEngine {
  /// A new record of `content`, sealed.
  func record(
    _ kind: RecordKind, _ digest: RecordDigest, createdAt: Timestamp, expiresAt: Timestamp?,
    aliases: Aliases = .none, groups: Groups = .none, content: some Encodable
  ) throws(AuthCacheError) -> Record {
    let context = SealingContext(
      kind: kind, digest: digest, aliases: aliases, groups: groups, createdAt: createdAt, revision: entropy.next())
    let payload = Payload(try protection.sealer.seal(PayloadCoding.encode(content, of: kind), for: context))
    return Record(
      kind: kind, digest: digest, revision: context.revision, createdAt: createdAt, expiresAt: expiresAt,
      aliases: aliases, groups: groups, payload: payload)
  }

  /// A new record of a session, remembering what it opens to, so that the first load from memory does not open it.
  func record(
    _ content: SessionContent, _ digest: RecordDigest, createdAt: Timestamp, expiresAt: Timestamp, aliases: Aliases
  ) throws(AuthCacheError) -> Record {
    // Before sealing: a key that is removed meanwhile makes what is remembered stale at once.
    let epoch = protection.sealer.epoch
    let details = content.details
    let record = try record(
      .session, digest, createdAt: createdAt, expiresAt: expiresAt, aliases: aliases,
      groups: groups(subject: details.subject, providerSession: details.providerSession, grant: content.grant),
      content: StoredSession(content))
    OpenedPayload.remember(content, for: record, at: epoch)
    return record
  }

  /// The successor of `record` with other `content`, sealed under the key that seals now.
  func successor(
    of record: Record, expiresAt: Timestamp?, content: some Encodable
  ) throws(AuthCacheError) -> Record {
    try self.record(
      record.kind, record.digest, createdAt: record.createdAt, expiresAt: expiresAt,
      aliases: record.aliases, groups: record.groups, content: content)
  }

  /// Opens and decodes what `record` carries.
  ///
  /// - Throws: `corrupt` if it does not open or does not decode.
  func open<Content: Decodable>(_ record: Record, as _: Content.Type) throws(AuthCacheError) -> Content {
    try openStored(record, as: Content.self).stored
  }

  private func openStored<Stored: Decodable>(
    _ record: Record, as _: Stored.Type
  ) throws(AuthCacheError) -> (stored: Stored, isOutdated: Bool) {
    let opened = try protection.sealer.opened(record.payload.bytes, for: SealingContext(of: record))
    return (try PayloadCoding.decode(Stored.self, from: opened.content, of: record.kind), opened.isOutdated)
  }

  /// The session that `record` carries if it was opened before, by the ring as it is now.
  ///
  /// What was opened is remembered beside the bytes, with the record it was opened for: the same bytes under another
  /// record are opened anew, and then they don't open.
  @inline(__always)
  func rememberedSession(_ record: Record) -> SessionContent? {
    guard let opened = record.payload.opened(at: protection.sealer.epoch), opened.isOf(record) else { return nil }
    return opened.session
  }

  /// The session that `record` carries, remembered or opened.
  func session(_ record: Record) throws(AuthCacheError) -> (content: SessionContent, isOutdated: Bool) {
    if let content = rememberedSession(record) { return (content, false) }
    // Before opening: a key that is removed meanwhile makes what is remembered stale at once.
    let epoch = protection.sealer.epoch
    let (stored, isOutdated) = try openStored(record, as: StoredSession.self)
    let content = SessionContent(stored)
    OpenedPayload.remember(content, for: record, at: epoch)
    return (content, isOutdated)
  }

  /// The client that `record` carries, remembered or opened.
  func client(_ record: Record) throws(AuthCacheError) -> (client: Client, isOutdated: Bool) {
    let epoch = protection.sealer.epoch
    if let opened = record.payload.opened(at: epoch), opened.isOf(record), let client = opened.client {
      return (client, false)
    }
    let (stored, isOutdated) = try openStored(record, as: StoredClient.self)
    let client = try Client(stored)
    OpenedPayload.remember(client, for: record, at: epoch)
    return (client, isOutdated)
  }

  /// Seals `record` anew under the key that seals now, as far as that succeeds: a lost race or an unreachable store
  /// leaves it as it is, for the next who loads it.
  func resealed(_ record: Record) async -> Record {
    let context = SealingContext(
      kind: record.kind, digest: record.digest, aliases: record.aliases, groups: record.groups,
      createdAt: record.createdAt, revision: entropy.next())
    guard configuration.resealsOnLoad,
      let content = try? protection.sealer.open(record.payload.bytes, for: SealingContext(of: record)),
      let payload = try? protection.sealer.seal(content, for: context)
    else { return record }
    let next = record.replacing(revision: context.revision, payload: Payload(payload))
    guard (try? await backend.replace(record, with: next)) == true else { return record }
    return next
  }
}
