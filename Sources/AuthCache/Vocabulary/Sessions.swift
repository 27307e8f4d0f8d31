/// Sessions: found by id, by access token and by refresh token; ended by time, by logout and by revocation.
///
/// A session ends when it was idle for too long, and at its absolute end in any case. Its access token may end before:
/// then it is no longer found by that, and lives on for its refresh token.
public struct Sessions: Sendable {
  let engine: VocabularyEngine

  /// Stores a session under new random credentials.
  ///
  /// - Parameters:
  ///   - details: what it is about.
  ///   - grant: the grant it came of; nil for one of its own.
  ///   - lifetime: how long it lives; nil for the configured life.
  /// - Returns: the session and its credentials, which are known at this moment only.
  public func create(
    _ details: SessionDetails, grant: Grant? = nil, lifetime: SessionLifetime? = nil
  ) async throws(AuthCacheError) -> IssuedSession {
    try await store(details, under: generateCredentials(), grant: grant, lifetime: lifetime)
  }

  /// Stores a session under credentials that the application chose, replacing what is under its id; the tokens of what
  /// it replaces find nothing any more. Begins a new life: use ``update(_:to:)`` to change one that goes on.
  ///
  /// - Throws: `conflict` if another live session has one of the tokens; `unsupported` for tokens without the feature.
  @discardableResult
  public func store(
    _ details: SessionDetails, under credentials: SessionCredentials, grant: Grant? = nil,
    lifetime: SessionLifetime? = nil
  ) async throws(AuthCacheError) -> IssuedSession {
    let issued = try issue(
      details, under: credentials, grant: grant ?? Grant(id: engine.generateToken()),
      lifetime: lifetime ?? engine.configuration.session, at: engine.clock.now, for: .store)
    try await engine.backend.store(issued.session.record)
    return issued
  }

  /// The session with this id.
  ///
  /// - Returns: nil if it has ended or never was.
  @inlinable
  public func load(id: some TokenBytes) async throws(AuthCacheError) -> Session? {
    try await load(id: id.withTokenBytes { digest(id: $0) })
  }

  /// The session with this access token.
  ///
  /// The usual way of a resource server; what it loads a second time from memory is neither decrypted nor decoded.
  ///
  /// - Returns: nil if the token or its session has ended, or never was.
  @inlinable
  public func load(accessToken: some TokenBytes) async throws(AuthCacheError) -> Session? {
    try await load(accessToken: accessToken.withTokenBytes { digest(accessToken: $0) })
  }

  /// The session with this refresh token, which stays good.
  ///
  /// - Returns: nil if the session has ended, the token was rotated, or it never was.
  public func load(refreshToken: some TokenBytes) async throws(AuthCacheError) -> Session? {
    try engine.require(.tokens, for: .load)
    guard let record = try await engine.backend.load(lookup(refreshToken: refreshToken)) else { return nil }
    return try await open(record, byAccessToken: false)
  }

  /// Ends the session with this id.
  ///
  /// - Returns: true if it was there.
  @discardableResult
  public func delete(id: some TokenBytes) async throws(AuthCacheError) -> Bool {
    try engine.require(.sessions, for: .remove)
    return try await engine.backend.remove(lookup(id: id))
  }

  /// Ends the session with this access token, also if the token itself has ended.
  ///
  /// - Returns: true if it was there.
  @discardableResult
  public func delete(accessToken: some TokenBytes) async throws(AuthCacheError) -> Bool {
    try engine.require(.tokens, for: .remove)
    return try await engine.backend.remove(lookup(accessToken: accessToken))
  }

  /// Ends the session with this refresh token.
  ///
  /// - Returns: true if it was there.
  @discardableResult
  public func delete(refreshToken: some TokenBytes) async throws(AuthCacheError) -> Bool {
    try engine.require(.tokens, for: .remove)
    return try await engine.backend.remove(lookup(refreshToken: refreshToken))
  }

  /// Ends `session`.
  ///
  /// - Returns: true if it was there.
  @discardableResult
  public func delete(_ session: Session) async throws(AuthCacheError) -> Bool {
    try engine.require(.sessions, for: .remove)
    return try await engine.backend.remove(session.record.id)
  }

  /// Ends the session with this id: ``delete(id:)`` under its other name.
  @discardableResult
  public func invalidate(id: some TokenBytes) async throws(AuthCacheError) -> Bool { try await delete(id: id) }

  /// Writes other details into a session that goes on. Its life, its credentials and its grant stay.
  ///
  /// A save that comes late undoes neither a logout nor a rotation, because it succeeds only on exactly the session
  /// that was loaded.
  ///
  /// - Returns: the session as it is now; nil if it has ended or was changed since it was loaded: load it again.
  public func update(_ session: Session, to details: SessionDetails) async throws(AuthCacheError) -> Session? {
    try engine.require(.sessions, for: .replace)
    let content = SessionContent(
      details: details, grant: session.grant, absoluteEnd: session.absoluteEnd,
      accessTokenEnd: session.accessTokenExpiresAt, idle: session.content.idle,
      accessTokenLifetime: session.content.accessTokenLifetime)
    // Somebody may have extended it since: an update counts as a use, so that the end does not go back.
    let end = engine.end(of: content, usedAt: engine.clock.now, notBefore: session.record.expiresAt)
    let next = try engine.record(
      content, session.record.digest, createdAt: session.createdAt, expiresAt: end, aliases: session.record.aliases)
    return try await engine.backend.replace(session.record, with: next) ? Session(content: content, record: next) : nil
  }

  @usableFromInline
  func digest(id: UnsafeRawBufferPointer) -> CredentialDigest {
    engine.digester.digest(id, as: .sessionID, in: engine.sessionIDs)
  }

  @usableFromInline
  func digest(accessToken: UnsafeRawBufferPointer) -> CredentialDigest {
    engine.digester.digest(accessToken, as: .accessToken, in: engine.accessTokens)
  }

  @usableFromInline
  func load(id: CredentialDigest) async throws(AuthCacheError) -> Session? {
    try engine.require(.sessions, for: .load)
    guard let record = try await engine.backend.load(.id(.session, id.digest)) else { return nil }
    if let fingerprint = id.unremembered { engine.sessionIDs.remember(id.digest, of: fingerprint) }
    if let content = engine.rememberedSession(record) { return live(record, content, byAccessToken: false) }
    return try await open(record, byAccessToken: false)
  }

  @usableFromInline
  func load(accessToken: CredentialDigest) async throws(AuthCacheError) -> Session? {
    try engine.require(.tokens, for: .load)
    guard let record = try await engine.backend.load(.accessToken(accessToken.digest)) else { return nil }
    if let fingerprint = accessToken.unremembered {
      engine.accessTokens.remember(accessToken.digest, of: fingerprint)
    }
    // The second time on, and nothing more: no key, no decoder, no further suspension.
    if let content = engine.rememberedSession(record) { return live(record, content, byAccessToken: true) }
    return try await open(record, byAccessToken: true)
  }

  private func open(_ record: Record, byAccessToken: Bool) async throws(AuthCacheError) -> Session? {
    let (content, isOutdated) = try engine.session(record)
    let session = live(record, content, byAccessToken: byAccessToken)
    guard isOutdated, session != nil else { return session }
    return Session(content: content, record: await engine.resealed(record))
  }

  /// The session unless it is over. The ends that were sealed count, whatever the row says.
  @inline(__always)
  private func live(_ record: Record, _ content: SessionContent, byAccessToken: Bool) -> Session? {
    let now = engine.clock.coarseNow
    guard content.absoluteEnd > now else { return nil }
    if byAccessToken, let end = content.accessTokenEnd, end <= now { return nil }
    return Session(content: content, record: record)
  }
}
