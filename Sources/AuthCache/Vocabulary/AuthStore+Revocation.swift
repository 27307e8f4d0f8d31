extension AuthStore {
  /// Revokes everything that came of `grant`: what to do when a code was replayed or a refresh token reused.
  ///
  /// - Returns: how many live records went: sessions, codes, memories of spent refresh tokens.
  /// - Throws: `unsupported` without the feature ``Features/revocation``.
  @discardableResult
  public func revoke(_ grant: Grant) async throws(AuthCacheError) -> Int {
    try await engine.removeAll { $0.group(grant) }
  }

  /// Revokes everything of one user, as back-channel logout by `sub` asks for (OpenID Connect Back-Channel Logout 1.0
  /// §2.4).
  ///
  /// - Returns: how many live records went.
  /// - Throws: `unsupported` without the feature ``Features/revocation``.
  @discardableResult
  public func revoke(_ subject: SubjectIdentifier) async throws(AuthCacheError) -> Int {
    try await engine.removeAll { $0.group(subject) }
  }

  /// Revokes everything of one session at the provider, as back-channel logout by `sid` asks for.
  ///
  /// - Returns: how many live records went.
  /// - Throws: `unsupported` without the feature ``Features/revocation``.
  @discardableResult
  public func revoke(_ session: ProviderSession) async throws(AuthCacheError) -> Int {
    try await engine.removeAll { $0.group(session) }
  }
}

extension AuthStore {
  /// Removes what expired, batch after batch, until nothing is left to remove.
  ///
  /// Leaves what expired within ``Configuration/sweepSkew``. Not needed where upkeep runs as a service.
  ///
  /// - Returns: how many of each kind went.
  /// - Throws: `cancelled` between two batches if the task is cancelled.
  @discardableResult
  public func cleanupExpired() async throws(AuthCacheError) -> ExpiredCounts {
    let limit = engine.configuration.sweepLimit
    let cutoff = engine.clock.now - engine.configuration.sweepSkew
    var counts = ExpiredCounts()
    while true {
      let batch = try await engine.backend.removeExpired(through: cutoff, limit: limit)
      counts += batch
      guard batch.total >= limit else { return counts }
      guard !Task.isCancelled else {
        throw AuthCacheError(
          .cancelled, effect: .unknown, operation: .removeExpired, "cancelled after \(counts.total) records")
      }
    }
  }
}
