/// Authorization codes: short-lived, bound to a client, good for one redemption.
public struct Codes: Sendable {
  let engine: VocabularyEngine

  /// Stores `code` under a new random value.
  ///
  /// - Parameter lifetime: how long it may be redeemed, at most 10 minutes; nil for the configured life.
  /// - Returns: the code to hand to the client.
  /// - Throws: as ``store(_:under:lifetime:)``.
  public func store(_ code: AuthorizationCode, lifetime: Duration? = nil) async throws(AuthCacheError) -> String {
    let value = engine.generateToken()
    try await store(code, under: value, lifetime: lifetime)
    return value
  }

  /// Stores `code` under a value that the application chose, replacing what was there.
  ///
  /// - Throws: `invalidArgument` for a life above 10 minutes, or a plain challenge where the configuration has none.
  public func store(
    _ code: AuthorizationCode, under value: some TokenBytes, lifetime: Duration? = nil
  ) async throws(AuthCacheError) {
    try engine.require(.codes, for: .store)
    let configuration = engine.configuration
    let lifetime = lifetime ?? configuration.codeLifetime
    guard lifetime <= AuthStore.Configuration.longestCodeLifetime else {
      throw AuthCacheError(.invalidArgument, operation: .store, kind: .code, "a code lives at most 10 minutes")
    }
    guard code.challenge?.method != .plain || configuration.allowsPlainChallenge else {
      throw AuthCacheError(.invalidArgument, operation: .store, kind: .code, "plain code challenges are not allowed")
    }
    let now = engine.clock.now
    let end = now + lifetime
    let grant = code.grant ?? Grant(id: engine.generateToken())
    // The record outlives the code, so that whoever shows it again is recognized.
    let memory = now + (configuration.replayMemory ?? configuration.session.absolute)
    let record = try engine.record(
      .code, engine.digester.digest(value, as: .code), createdAt: now, expiresAt: max(end, memory),
      groups: engine.groups(subject: code.subject, providerSession: code.providerSession, grant: grant),
      content: StoredCode(code, grant: grant, end: end))
    try await engine.backend.store(record)
  }

  /// The code, which stays redeemable.
  ///
  /// - Returns: nil if it is spent, has expired or never was.
  public func load(_ code: some TokenBytes) async throws(AuthCacheError) -> AuthorizationCode? {
    try engine.require(.codes, for: .load)
    guard let record = try await engine.backend.load(lookup(code)) else { return nil }
    let stored = try engine.open(record, as: StoredCode.self)
    guard stored.isRedeemable(at: engine.clock.coarseNow) else { return nil }
    return try stored.code()
  }

  /// Takes the code without redeeming it, for applications that check and issue by themselves: at most one caller ever
  /// gets it. It is remembered as spent, so that ``redeem(_:by:credentials:lifetime:issuing:)`` tells a later replay.
  ///
  /// - Returns: nil if it is spent, has expired or never was.
  public func claim(_ code: some TokenBytes) async throws(AuthCacheError) -> AuthorizationCode? {
    try engine.require(.codes, for: .replace)
    let lookup = lookup(code)
    for _ in 0..<VocabularyEngine.attempts {
      guard let record = try await engine.backend.load(lookup) else { return nil }
      let stored = try engine.open(record, as: StoredCode.self)
      guard stored.isRedeemable(at: engine.clock.now) else { return nil }
      // Compare-and-swap rather than consume: it has one winner as well, and keeps the memory of a replay.
      let spent = try engine.successor(of: record, expiresAt: record.expiresAt, content: stored.spent)
      if try await engine.backend.replace(record, with: spent) { return try stored.code() }
    }
    throw .contended(.replace, kind: .code)
  }

  /// Makes the code absent, and with it the memory of its replay.
  ///
  /// - Returns: true if it was there.
  @discardableResult
  public func delete(_ code: some TokenBytes) async throws(AuthCacheError) -> Bool {
    try engine.require(.codes, for: .remove)
    return try await engine.backend.remove(lookup(code))
  }

  func lookup(_ code: some TokenBytes) -> Lookup { .id(.code, engine.digester.digest(code, as: .code)) }
}

extension VocabularyEngine {
  /// How often a lost compare-and-swap is tried again on what is there now.
  static let attempts = 8
}

extension AuthCacheError {
  static func contended(_ operation: Operation, kind: RecordKind, effect: Effect = .none) -> AuthCacheError {
    AuthCacheError(
      .conflict, effect: effect, operation: operation, kind: kind, "the record changed again and again meanwhile")
  }
}
