/// PKCE code verifiers, kept under a key of the application's choice until the code comes back: usually the state.
public struct Verifiers: Sendable {
  let engine: VocabularyEngine

  /// Stores `verifier` under `key`, replacing what was there.
  ///
  /// - Parameter lifetime: how long it waits; nil for the configured life.
  public func set(
    _ verifier: CodeVerifier, for key: some TokenBytes, lifetime: Duration? = nil
  ) async throws(AuthCacheError) {
    try engine.require(.verifiers, for: .store)
    let now = engine.clock.now
    let end = now + (lifetime ?? engine.configuration.verifierLifetime)
    let record = try engine.record(
      .verifier, engine.digester.digest(key, as: .verifier), createdAt: now, expiresAt: end,
      content: StoredVerifier(verifier: verifier.text, end: end.millisecondsSinceEpoch))
    try await engine.backend.store(record)
  }

  /// The verifier, which stays.
  ///
  /// - Returns: nil if there is none or it has expired.
  public func peek(_ key: some TokenBytes) async throws(AuthCacheError) -> CodeVerifier? {
    try engine.require(.verifiers, for: .load)
    guard let record = try await engine.backend.load(lookup(key)) else { return nil }
    return try open(record)
  }

  /// Takes the verifier: at most one caller ever gets it.
  ///
  /// - Returns: nil if it was taken, has expired or never was.
  public func take(_ key: some TokenBytes) async throws(AuthCacheError) -> CodeVerifier? {
    try engine.require(.verifiers, for: .consume)
    guard let record = try await engine.backend.consume(lookup(key)) else { return nil }
    return try open(record)
  }

  /// Makes the verifier absent.
  ///
  /// - Returns: true if a live one went.
  @discardableResult
  public func invalidate(_ key: some TokenBytes) async throws(AuthCacheError) -> Bool {
    try engine.require(.verifiers, for: .remove)
    return try await engine.backend.remove(lookup(key))
  }

  private func lookup(_ key: some TokenBytes) -> Lookup {
    .id(.verifier, engine.digester.digest(key, as: .verifier))
  }

  private func open(_ record: Record) throws(AuthCacheError) -> CodeVerifier? {
    let stored = try engine.open(record, as: StoredVerifier.self)
    guard stored.end > engine.clock.coarseNow.millisecondsSinceEpoch else { return nil }
    do {
      return try CodeVerifier(stored.verifier)
    } catch {
      throw AuthCacheError(.corrupt, operation: .decode, kind: .verifier, "what is stored is no code verifier")
    }
  }
}

/// A verifier as it stands in a payload.
struct StoredVerifier: Codable {
  var verifier: String
  var end: Int64
}
