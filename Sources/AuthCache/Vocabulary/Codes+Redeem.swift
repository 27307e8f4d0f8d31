extension Codes {
  /// Redeems a code for a session (RFC 6749 §4.1.2, RFC 9700 §4.5).
  ///
  /// Of any number of callers in any number of processes at most one is answered `redeemed`. A crash at any point
  /// leaves a code that is redeemable or one that is redeemed.
  ///
  /// - Parameters:
  ///   - request: what the client showed. A mismatch neither spends the code nor revokes anything.
  ///   - credentials: the session's id and tokens; nil to generate all three.
  ///   - lifetime: how long the session lives; nil for the configured life.
  ///   - details: what the session holds; by default what was authorized.
  /// - Returns: what became of it. On `replayed` the caller revokes the grant.
  /// - Throws: what the backend throws; with effect `none` the code is as it was.
  public func redeem(
    _ code: some TokenBytes, by request: RedemptionRequest, credentials: SessionCredentials? = nil,
    lifetime: SessionLifetime? = nil,
    issuing details: (AuthorizationCode) -> SessionDetails = { SessionDetails($0) }
  ) async throws(AuthCacheError) -> Redemption {
    try engine.require([.codes, .sessions, .revocation], for: .redeem)
    let lookup = lookup(code)
    let sessions = Sessions(engine: engine)
    let lifetime = lifetime ?? engine.configuration.session
    try lifetime.validate()

    var issued: IssuedSession?
    for _ in 0..<VocabularyEngine.attempts {
      let found: Record?
      let stored: StoredCode?
      do throws(AuthCacheError) {
        found = try await engine.backend.load(lookup)
        stored = try found.map { record throws(AuthCacheError) in try engine.open(record, as: StoredCode.self) }
      } catch {
        await withdraw(issued)
        throw error
      }
      guard let record = found, let stored else {
        await withdraw(issued)
        return .unknown
      }
      let now = engine.clock.now
      if let answer = try answer(stored, to: request, at: now) {
        await withdraw(issued)
        return answer
      }

      // The session first, in the code's grant: whoever finds the code spent finds in the grant all that it gave. A
      // crash from here on leaves a session whose tokens nobody was told, and a code that is still good.
      if issued == nil {
        var session = details(try stored.code())
        session.clientID = session.clientID ?? stored.clientID
        issued = try await sessions.insert(
          session, under: credentials ?? sessions.generateCredentials(), grant: stored.grant, lifetime: lifetime,
          at: now)
      }
      guard let issued else { break }

      // Then the one step that decides. The memory of a replay lives as long as what was granted.
      let memory = max(record.expiresAt ?? issued.session.absoluteEnd, issued.session.absoluteEnd)
      do throws(AuthCacheError) {
        let spent = try engine.successor(of: record, expiresAt: memory, content: stored.spent)
        if try await replace(record, with: spent) { return .redeemed(issued) }
      } catch {
        await withdraw(issued)
        throw error
      }
      // Lost, or the code changed under us: read again, and answer to what is there.
    }
    await withdraw(issued)
    throw .contended(.redeem, kind: .code)
  }

  /// The answer to `request`, or nil if the code is to be redeemed.
  private func answer(
    _ stored: StoredCode, to request: RedemptionRequest, at now: Timestamp
  ) throws(AuthCacheError) -> Redemption? {
    if let mismatch = try stored.mismatch(with: request) { return mismatch }
    // Spent before expired: a code that was redeemed is replayed, however late.
    if stored.phase == .spent { return .replayed(stored.grant) }
    return stored.end > now.millisecondsSinceEpoch ? nil : .expired
  }

  /// Spends the code. If the answer got lost on the way, a look at the code tells whose revision it carries; the swap
  /// itself is not repeated.
  private func replace(_ current: Record, with spent: Record) async throws(AuthCacheError) -> Bool {
    do throws(AuthCacheError) {
      return try await engine.backend.replace(current, with: spent)
    } catch {
      guard error.effect == .unknown, let found = try? await engine.backend.load(current.id),
        found.revision == spent.revision
      else { throw error }
      return true
    }
  }

  /// Removes the session of a redemption that was lost. Its tokens were never told, so if this fails it is only swept
  /// later, or goes with its grant.
  private func withdraw(_ issued: IssuedSession?) async {
    guard let issued else { return }
    _ = try? await engine.backend.remove(issued.session.record.id)
  }
}

extension SessionDetails {
  /// What was authorized.
  public init(_ code: AuthorizationCode) {
    self.init(
      clientID: code.clientID, subject: code.subject, providerSession: code.providerSession, scopes: code.scopes,
      data: code.data)
  }
}

extension AuthCacheError.Operation {
  /// Redeeming an authorization code.
  public static let redeem: AuthCacheError.Operation = "redeem"
  /// Rotating a refresh token.
  public static let rotate: AuthCacheError.Operation = "rotate"
}
