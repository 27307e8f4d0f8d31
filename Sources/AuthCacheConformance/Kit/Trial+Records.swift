public import AuthCache

extension Trial {
  /// A digest that no other check and no earlier call has.
  public func digest() -> RecordDigest {
    RecordDigest(words: (entropy.next(), entropy.next(), entropy.next(), entropy.next()))
  }

  /// A new revision.
  public func revision() -> UInt64 { entropy.next() }

  /// A record made for this check; what is left out is random.
  ///
  /// - Parameters:
  ///   - life: Until it expires, from now; nil for one that never does.
  ///   - payload: The bytes; 48 random ones if left out.
  public func record(
    _ kind: RecordKind = .code, digest: RecordDigest? = nil, life: Duration? = .seconds(600),
    aliases: Aliases = .none, groups: Groups = .none, payload: [UInt8]? = nil
  ) -> Record {
    let now = now
    return Record(
      kind: kind, digest: digest ?? self.digest(), revision: revision(), createdAt: now,
      expiresAt: life.map { now + $0 }, aliases: aliases, groups: groups,
      payload: Payload(payload ?? entropy.bytes(48)))
  }

  /// A session; with both aliases where the subject keeps them, with none where it does not.
  public func session(life: Duration? = .seconds(600), groups: Groups = .none) -> Record {
    record(
      .session, life: life,
      aliases: properties.aliases ? Aliases(accessToken: digest(), refreshToken: digest()) : .none, groups: groups)
  }

  /// The subject's bulk operations. Ends the check if a declared capability is gone.
  public func bulk(_ backend: any AuthCacheBackend) throws -> any BulkBackend {
    try require(backend as? any BulkBackend, "the backend conforms to BulkBackend")
  }

  /// The subject's group operations. Ends the check if a declared capability is gone.
  public func group(_ backend: any AuthCacheBackend) throws -> any GroupBackend {
    try require(backend as? any GroupBackend, "the backend conforms to GroupBackend")
  }

  /// The subject's listing. Ends the check if a declared capability is gone.
  public func listing(_ backend: any AuthCacheBackend) throws -> any ListingBackend {
    try require(backend as? any ListingBackend, "the backend conforms to ListingBackend")
  }

  /// Runs `count` tasks at once and returns their answers in order of number.
  public func concurrently<Answer: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (Int) async throws -> Answer
  ) async throws -> [Answer] {
    try await withThrowingTaskGroup(of: (Int, Answer).self) { group in
      for number in 0..<count { group.addTask { (number, try await body(number)) } }
      var answers: [Int: Answer] = [:]
      for try await (number, answer) in group { answers[number] = answer }
      return (0..<count).compactMap { answers[$0] }
    }
  }
}
