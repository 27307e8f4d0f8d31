/// Login states, each good for one answer.
public struct States: Sendable {
  let engine: VocabularyEngine

  /// Stores `state` under a new random value, which goes into the authorization request.
  ///
  /// - Parameter lifetime: how long the login may take; nil for the configured life.
  /// - Returns: the value of the `state` parameter.
  public func store(_ state: LoginState, lifetime: Duration? = nil) async throws(AuthCacheError) -> String {
    let value = engine.generateToken()
    try await store(state, under: value, lifetime: lifetime)
    return value
  }

  /// Stores `state` under a value that the application chose, replacing what was there.
  public func store(
    _ state: LoginState, under value: some TokenBytes, lifetime: Duration? = nil
  ) async throws(AuthCacheError) {
    try engine.require(.states, for: .store)
    let now = engine.clock.now
    let end = now + (lifetime ?? engine.configuration.stateLifetime)
    let record = try engine.record(
      .state, engine.digester.digest(value, as: .state), createdAt: now, expiresAt: end,
      content: StoredState(state, end: end))
    try await engine.backend.store(record)
  }

  /// Takes the state: at most one caller ever gets it.
  ///
  /// - Returns: nil if it was taken, has expired or never was.
  /// - Throws: `corrupt` if it does not open; it is gone then.
  public func consume(_ value: some TokenBytes) async throws(AuthCacheError) -> LoginState? {
    try engine.require(.states, for: .consume)
    let digest = engine.digester.digest(value, as: .state)
    guard let record = try await engine.backend.consume(.id(.state, digest)) else { return nil }
    let stored = try engine.open(record, as: StoredState.self)
    // The end that was sealed counts, whatever the row says.
    guard stored.end > engine.clock.coarseNow.millisecondsSinceEpoch else { return nil }
    return stored.state
  }
}
