/// What a rotation puts in place of a session's tokens. The rest of the session is taken as it is found.
struct Successor: Sendable {
  let credentials: SessionCredentials
  let aliases: Aliases
  let accessTokenEnd: Timestamp?
  let rotatedAt: Timestamp
  let grant: Grant

  /// New tokens for the session of `record`: an access token only if it has one.
  init(for record: Record, content: SessionContent, at now: Timestamp, engine: VocabularyEngine) {
    let hasAccessToken = record.aliases.accessToken != nil
    credentials = SessionCredentials(
      accessToken: hasAccessToken ? engine.generateToken() : nil, refreshToken: engine.generateToken())
    aliases = engine.aliases(
      accessToken: credentials.accessTokenBytes, refreshToken: credentials.refreshTokenBytes)
    accessTokenEnd =
      hasAccessToken ? min(now + .milliseconds(content.accessTokenLifetime), content.absoluteEnd) : nil
    rotatedAt = now
    grant = content.grant
  }

  /// What `spent` remembers; nil if it did not keep the tokens.
  init?(_ spent: StoredSpentRefresh) throws(AuthCacheError) {
    guard let refreshToken = spent.refreshToken else { return nil }
    credentials = SessionCredentials(
      idBytes: nil, accessTokenBytes: spent.accessToken, refreshTokenBytes: refreshToken)
    aliases = try spent.aliases()
    accessTokenEnd = spent.accessTokenEnd.map(Timestamp.init(millisecondsSinceEpoch:))
    rotatedAt = Timestamp(millisecondsSinceEpoch: spent.rotatedAt)
    grant = spent.grant
  }

  /// The session `content` with these tokens.
  func content(after content: SessionContent) -> SessionContent {
    SessionContent(
      details: content.details, grant: content.grant, absoluteEnd: content.absoluteEnd,
      accessTokenEnd: accessTokenEnd, idle: content.idle, accessTokenLifetime: content.accessTokenLifetime)
  }

  /// The memory that `oldToken` was rotated into this, living as long as the session can.
  func spentRecord(
    _ oldToken: RecordDigest, of session: Record, content: SessionContent, engine: VocabularyEngine
  ) throws(AuthCacheError) -> Record {
    let keepsTokens = engine.configuration.refreshGrace > .zero
    return try engine.record(
      .spentRefresh, oldToken, createdAt: rotatedAt, expiresAt: content.absoluteEnd, groups: session.groups,
      content: StoredSpentRefresh(
        session: Base64URL.encode(session.digest.bytes), clientID: content.details.clientID, grant: grant,
        rotatedAt: rotatedAt.millisecondsSinceEpoch,
        accessTokenDigest: aliases.accessToken.map { Base64URL.encode($0.bytes) },
        refreshTokenDigest: Base64URL.encode(aliases.refreshToken?.bytes ?? []),
        accessToken: keepsTokens ? credentials.accessTokenBytes : nil,
        refreshToken: keepsTokens ? credentials.refreshTokenBytes : nil,
        accessTokenEnd: accessTokenEnd?.millisecondsSinceEpoch))
  }
}
