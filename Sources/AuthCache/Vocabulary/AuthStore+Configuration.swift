extension AuthStore {
  /// Lifetimes and limits. Works untouched.
  public struct Configuration: Sendable, Hashable {
    /// How long a login may take: 10 minutes.
    public var stateLifetime: Duration
    /// How long a PKCE verifier waits for its code: 10 minutes.
    public var verifierLifetime: Duration
    /// How long a code may be redeemed: 60 s. At most 10 minutes (RFC 6749 §4.1.2).
    public var codeLifetime: Duration
    /// How long a spent code is remembered, so that a replay is recognized. Nil: as long as what it grants may live.
    public var replayMemory: Duration?
    /// Random bits of generated tokens, states, codes and ids: 256. At least 128.
    public var tokenBits: Int
    /// How long sessions live that are stored without a word about it.
    public var session: SessionLifetime
    /// A session that is used is extended at most once in this time. Nil: a tenth of its idle time.
    public var touchInterval: Duration?
    /// For how long after a rotation the same client may show the old refresh token again and get the same successor,
    /// for answers lost on the way. Zero: never. The successor is then kept, so this needs sealed payloads.
    public var refreshGrace: Duration
    /// Whether PKCE challenges may be the verifier itself. S256 is better in every case (RFC 7636 §4.2).
    public var allowsPlainChallenge: Bool
    /// A sweep leaves what expired in this last stretch of time, for processes whose clock is slow: 60 s.
    public var sweepSkew: Duration
    /// How many records a sweep removes in one call of the backend: 1,000.
    public var sweepLimit: Int
    /// Whether sessions and clients sealed under an older key are sealed anew when they are loaded, and not only when
    /// they are written.
    public var resealsOnLoad: Bool
    /// For how many access tokens, and for how many session ids, the digest is remembered in memory, so that a token
    /// which comes with every request is not hashed each time: 4,096. The tokens themselves are not kept. Zero: none.
    public var rememberedDigests: Int

    /// Everything has a default; see the properties.
    public init(
      stateLifetime: Duration = .seconds(600), verifierLifetime: Duration = .seconds(600),
      codeLifetime: Duration = .seconds(60), replayMemory: Duration? = nil, tokenBits: Int = 256,
      session: SessionLifetime = SessionLifetime(), touchInterval: Duration? = nil, refreshGrace: Duration = .zero,
      allowsPlainChallenge: Bool = false, sweepSkew: Duration = .seconds(60), sweepLimit: Int = 1_000,
      resealsOnLoad: Bool = true, rememberedDigests: Int = 4_096
    ) {
      self.stateLifetime = stateLifetime
      self.verifierLifetime = verifierLifetime
      self.codeLifetime = codeLifetime
      self.replayMemory = replayMemory
      self.tokenBits = tokenBits
      self.session = session
      self.touchInterval = touchInterval
      self.refreshGrace = refreshGrace
      self.allowsPlainChallenge = allowsPlainChallenge
      self.sweepSkew = sweepSkew
      self.sweepLimit = sweepLimit
      self.resealsOnLoad = resealsOnLoad
      self.rememberedDigests = rememberedDigests
    }

    /// No code lives longer than this (RFC 6749 §4.1.2).
    public static let longestCodeLifetime: Duration = .seconds(600)

    func validate() throws(AuthCacheError) {
      try Self.require(stateLifetime > .zero, "the life of a state is not positive")
      try Self.require(verifierLifetime > .zero, "the life of a verifier is not positive")
      try Self.require(codeLifetime > .zero, "the life of a code is not positive")
      try Self.require(codeLifetime <= Self.longestCodeLifetime, "a code lives at most 10 minutes")
      try Self.require(replayMemory.map { $0 >= .zero } ?? true, "the replay memory is negative")
      try Self.require(tokenBits >= 128 && tokenBits % 8 == 0, "tokens have at least 128 bits, a multiple of 8")
      try Self.require(touchInterval.map { $0 >= .zero } ?? true, "the touch interval is negative")
      try Self.require(refreshGrace >= .zero, "the grace period is negative")
      try Self.require(sweepSkew >= .zero, "the skew of a sweep is negative")
      try Self.require(sweepLimit > 0, "the limit of a sweep is not positive")
      try Self.require((0...1 << 20).contains(rememberedDigests), "0 to 1,048,576 digests can be remembered")
      try session.validate()
    }

    static func require(_ condition: Bool, _ reason: String) throws(AuthCacheError) {
      guard condition else { throw AuthCacheError(.invalidArgument, operation: .configure, reason) }
    }
  }
}
