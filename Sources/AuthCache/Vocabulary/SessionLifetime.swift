/// How long a session lives.
public struct SessionLifetime: Sendable, Hashable {
  /// It ends when it was not used for this long: 24 hours.
  public var idle: Duration
  /// It ends this long after it began, used or not: 30 days. Nothing extends it.
  public var absolute: Duration
  /// How long an access token is good for: one hour, or until the session ends. A refresh token is good until then.
  public var accessToken: Duration

  /// Everything has a default; see the properties.
  public init(
    idle: Duration = .seconds(24 * 3_600), absolute: Duration = .seconds(30 * 24 * 3_600),
    accessToken: Duration = .seconds(3_600)
  ) {
    self.idle = idle
    self.absolute = absolute
    self.accessToken = accessToken
  }

  /// - Throws: `invalidArgument` unless each is positive.
  func validate() throws(AuthCacheError) {
    try AuthStore.Configuration.require(idle > .zero, "the idle time of a session is not positive")
    try AuthStore.Configuration.require(absolute > .zero, "the absolute life of a session is not positive")
    try AuthStore.Configuration.require(accessToken > .zero, "the life of an access token is not positive")
  }
}
