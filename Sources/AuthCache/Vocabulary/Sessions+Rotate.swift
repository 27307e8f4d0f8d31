extension Sessions {
  /// Puts a new refresh token, and a new access token if the session has one, in place of the old ones (RFC 6749 §6,
  /// RFC 9700 §4.14.2).
  ///
  /// Of any number of callers with one refresh token at most one is answered `rotated`, in any number of processes;
  /// within the grace period the others, if they are the same client, are answered with the same successor.
  ///
  /// - Parameter clientID: the client that was authenticated. Must be the session's, where that has one.
  /// - Returns: what became of it. On `reused` the caller revokes the grant.
  /// - Throws: what the backend throws; with effect `none` the old token is as good as it was.
  public func rotate(
    _ refreshToken: some TokenBytes, clientID: String? = nil
  ) async throws(AuthCacheError) -> Rotation {
    try engine.require([.sessions, .tokens, .revocation], for: .rotate)
    let lookup = lookup(refreshToken: refreshToken)
    // The session before the memory of spent tokens: a rotation remembers before it replaces, so a token that is no
    // longer the session's is found among the spent ones.
    guard let found = try await engine.backend.load(lookup) else {
      return try await answer(toSpent: lookup.digest, clientID: clientID)
    }
    let content = try engine.session(found).content
    let now = engine.clock.now
    guard content.absoluteEnd > now, content.details.belongs(to: clientID) else { return .unknown }

    let successor = Successor(for: found, content: content, at: now, engine: engine)
    let spent = try successor.spentRecord(lookup.digest, of: found, content: content, engine: engine)
    // The one step that decides. From here on the old token is spent, and whoever inserted this owns what follows.
    guard try await insert(spent) else { return try await answer(toSpent: lookup.digest, clientID: clientID) }
    do throws(AuthCacheError) {
      return try await complete(successor, from: found, oldToken: lookup.digest, elsewhere: .unknown)
    } catch {
      throw await undo(spent, after: error)
    }
  }

  /// Answers to a refresh token that is no session's.
  private func answer(toSpent digest: RecordDigest, clientID: String?) async throws(AuthCacheError) -> Rotation {
    guard let record = try await engine.backend.load(.id(.spentRefresh, digest)) else { return .unknown }
    let spent = try engine.open(record, as: StoredSpentRefresh.self)
    // Only the client it was issued to: whoever finds an old token must not be able to have the grant revoked.
    guard SessionDetails(clientID: spent.clientID).belongs(to: clientID) else { return .unknown }
    let graceEnd = Timestamp(millisecondsSinceEpoch: spent.rotatedAt) + engine.configuration.refreshGrace
    guard graceEnd > engine.clock.now, let successor = try Successor(spent) else { return .reused(spent.grant) }
    // The winner may have crashed before it replaced the session, or its answer got lost: finish what it began.
    guard let found = try await engine.backend.load(.id(.session, try spent.sessionDigest())) else { return .unknown }
    // If the successor was rotated in its turn, the old token is shown by somebody who has missed that.
    return try await complete(successor, from: found, oldToken: digest, elsewhere: .reused(spent.grant))
  }

  /// Puts the successor in place, whatever else changed about the session meanwhile. Answers `elsewhere` if the session
  /// has neither the old token nor the successor's any more.
  private func complete(
    _ successor: Successor, from found: Record, oldToken: RecordDigest, elsewhere: Rotation
  ) async throws(AuthCacheError) -> Rotation {
    var current = found
    for _ in 0..<VocabularyEngine.attempts {
      let content = try engine.session(current).content
      guard content.absoluteEnd > engine.clock.now else { return .unknown }
      if current.aliases.refreshToken == successor.aliases.refreshToken {
        // Somebody finished it for us, or before us.
        let session = Session(content: content, record: current)
        return .rotated(IssuedSession(session: session, credentials: successor.credentials))
      }
      guard current.aliases.refreshToken == oldToken else { return elsewhere }

      let next = successor.content(after: content)
      let end = engine.end(of: next, usedAt: engine.clock.now, notBefore: current.expiresAt)
      let record = try engine.record(
        next, current.digest, createdAt: current.createdAt, expiresAt: end, aliases: successor.aliases)
      if try await replace(current, with: record) {
        let session = Session(content: next, record: record)
        return .rotated(IssuedSession(session: session, credentials: successor.credentials))
      }
      // Updated, sealed anew, rotated by a repeated request, or gone by a logout, which is not undone.
      guard let changed = try await engine.backend.load(current.id) else { return .unknown }
      current = changed
    }
    throw .contended(.rotate, kind: .session)
  }

  /// Makes the old token good again after a failure that certainly changed nothing. If that can't be done the error
  /// says that the effect is unknown: the token is spent.
  ///
  /// With a grace period the token is left spent: another request may be finishing the rotation, and whoever tries
  /// again does so too.
  private func undo(_ spent: Record, after error: AuthCacheError) async -> AuthCacheError {
    if error.effect == .none, engine.configuration.refreshGrace == .zero {
      // Replaced by something that is over, and not removed: only our own memory goes, never that of a later rotation.
      let over = spent.replacing(revision: engine.entropy.next(), expiresAt: .some(spent.createdAt))
      if (try? await engine.backend.replace(spent, with: over)) == true { return error }
    }
    return AuthCacheError(
      error.code, effect: .unknown, operation: .rotate, kind: .session, error.reason, detail: error.debugDescription)
  }

  /// Inserts the memory of a spent token. If the answer got lost on the way, a look at it tells whose it is.
  private func insert(_ spent: Record) async throws(AuthCacheError) -> Bool {
    do throws(AuthCacheError) {
      return try await engine.backend.insert(spent)
    } catch {
      guard error.effect == .unknown, let found = try? await engine.backend.load(spent.id) else { throw error }
      return found.revision == spent.revision
    }
  }

  /// Replaces the session. If the answer got lost on the way, a look at it tells whose revision it carries.
  private func replace(_ current: Record, with next: Record) async throws(AuthCacheError) -> Bool {
    do throws(AuthCacheError) {
      return try await engine.backend.replace(current, with: next)
    } catch {
      guard error.effect == .unknown, let found = try? await engine.backend.load(current.id),
        found.revision == next.revision
      else { throw error }
      return true
    }
  }
}

extension SessionDetails {
  /// Whether a session with these details may be rotated by `clientID`.
  fileprivate func belongs(to shown: String?) -> Bool {
    guard let clientID else { return true }
    guard let shown else { return false }
    return equalInConstantTime(clientID, shown)
  }
}
