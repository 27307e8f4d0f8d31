extension Sessions {
  /// Notes that `session` was used: it lives on for its idle time from now, but never past its absolute end.
  ///
  /// Writes at most once per touch interval, so it may be called with every request.
  ///
  /// - Returns: true if the session is live; without a write, as far as this store last saw.
  @discardableResult
  public func touch(_ session: Session) async throws(AuthCacheError) -> Bool {
    try engine.require(.sessions, for: .extend)
    let now = engine.clock.now
    guard session.expiresAt > now else { return false }
    let end = engine.end(of: session.content, usedAt: now, notBefore: nil)
    let interval = engine.configuration.touchInterval ?? .milliseconds(session.content.idle / 10)
    guard
      let claim = engine.touches.claim(
        session.record.digest, from: session.expiresAt, to: end, interval: interval, at: now)
    else { return true }
    do throws(AuthCacheError) {
      let isLive = try await engine.backend.extend(session.record.id, to: end)
      if !isLive { engine.touches.giveBack(claim) }
      return isLive
    } catch {
      engine.touches.giveBack(claim)
      throw error
    }
  }

  /// Raises the end of the session with this id to `duration` from now, but never past its absolute end. Never lowers
  /// it.
  ///
  /// - Returns: true if the session is live.
  @discardableResult
  public func extend(id: some TokenBytes, by duration: Duration) async throws(AuthCacheError) -> Bool {
    try engine.require(.sessions, for: .extend)
    // The absolute end is sealed inside, so the session is opened first. It never changes.
    guard let session = try await load(id: id) else { return false }
    return try await extend(session, by: duration)
  }

  /// Raises the end of `session` to `duration` from now, but never past its absolute end. Never lowers it.
  ///
  /// - Returns: true if the session is live.
  @discardableResult
  public func extend(_ session: Session, by duration: Duration) async throws(AuthCacheError) -> Bool {
    try engine.require(.sessions, for: .extend)
    let now = engine.clock.now
    guard session.absoluteEnd > now else { return false }
    return try await engine.backend.extend(session.record.id, to: min(now + duration, session.absoluteEnd))
  }
}
