extension Sessions {
  /// New random credentials; no tokens where the store was made without them.
  func generateCredentials() -> SessionCredentials {
    let hasTokens = engine.features.contains(.tokens)
    return SessionCredentials(
      id: engine.generateToken(), accessToken: hasTokens ? engine.generateToken() : nil,
      refreshToken: hasTokens ? engine.generateToken() : nil)
  }

  /// Stores a session that must be new.
  ///
  /// Insert rather than store: it is never held back in a write buffer, and never overwrites a session.
  ///
  /// - Throws: `conflict` if a live session has the id.
  func insert(
    _ details: SessionDetails, under credentials: SessionCredentials, grant: Grant, lifetime: SessionLifetime,
    at now: Timestamp
  ) async throws(AuthCacheError) -> IssuedSession {
    let issued = try issue(details, under: credentials, grant: grant, lifetime: lifetime, at: now, for: .insert)
    guard try await engine.backend.insert(issued.session.record) else {
      throw AuthCacheError(.conflict, operation: .insert, kind: .session, "a live session has this id")
    }
    return issued
  }

  func issue(
    _ details: SessionDetails, under given: SessionCredentials, grant: Grant, lifetime: SessionLifetime,
    at now: Timestamp, for operation: AuthCacheError.Operation
  ) throws(AuthCacheError) -> IssuedSession {
    try engine.require(.sessions, for: operation)
    if given.accessTokenBytes != nil || given.refreshTokenBytes != nil { try engine.require(.tokens, for: operation) }
    try lifetime.validate()
    let id = given.idBytes ?? [UInt8](engine.generateToken().utf8)
    let absoluteEnd = now + lifetime.absolute
    let content = SessionContent(
      details: details, grant: grant, absoluteEnd: absoluteEnd,
      accessTokenEnd: given.accessTokenBytes.map { _ in min(now + lifetime.accessToken, absoluteEnd) },
      idle: lifetime.idle.wholeMilliseconds, accessTokenLifetime: lifetime.accessToken.wholeMilliseconds)
    let record = try engine.record(
      content, engine.digester.digest(id, as: .sessionID), createdAt: now,
      expiresAt: engine.end(of: content, usedAt: now, notBefore: nil),
      aliases: engine.aliases(accessToken: given.accessTokenBytes, refreshToken: given.refreshTokenBytes))
    return IssuedSession(
      session: Session(content: content, record: record),
      credentials: SessionCredentials(
        idBytes: id, accessTokenBytes: given.accessTokenBytes, refreshTokenBytes: given.refreshTokenBytes))
  }

  func lookup(id: some TokenBytes) -> Lookup { .id(.session, engine.digester.digest(id, as: .sessionID)) }

  func lookup(accessToken: some TokenBytes) -> Lookup {
    .accessToken(engine.digester.digest(accessToken, as: .accessToken))
  }

  func lookup(refreshToken: some TokenBytes) -> Lookup {
    .refreshToken(engine.digester.digest(refreshToken, as: .refreshToken))
  }
}

extension VocabularyEngine {
  func aliases(accessToken: [UInt8]?, refreshToken: [UInt8]?) -> Aliases {
    Aliases(
      accessToken: accessToken.map { digester.digest($0, as: .accessToken) },
      refreshToken: refreshToken.map { digester.digest($0, as: .refreshToken) })
  }

  /// When a session used at `now` ends: after its idle time, not before `earlier`, never after its absolute end.
  func end(of content: SessionContent, usedAt now: Timestamp, notBefore earlier: Timestamp?) -> Timestamp {
    min(max(now + .milliseconds(content.idle), earlier ?? now), content.absoluteEnd)
  }
}
