public import AuthCache

/// The layers that a backend is verified under, from the top down.
public struct Stack: Sendable, Hashable, CustomStringConvertible {
  /// The name in reports and after `--stack`.
  public let name: String

  let build: @Sendable (any AuthCacheBackend, BackendEnvironment) async throws -> any AuthCacheBackend

  public init(
    _ name: String,
    build: @escaping @Sendable (any AuthCacheBackend, BackendEnvironment) async throws -> any AuthCacheBackend
  ) {
    self.name = name
    self.build = build
  }

  /// No layer at all.
  public static let plain = Stack("plain") { backend, _ in backend }

  /// A write buffer that acknowledges what is persisted.
  public static let buffered = Stack("buffered") { backend, environment in
    try backend.buffered(BufferConfiguration(), clock: environment.clock)
  }

  /// A cache over the backend.
  public static let cached = Stack("cached") { backend, environment in
    backend.cached(clock: environment.clock)
  }

  /// A cache over a write buffer.
  public static let cachedBuffered = Stack("cached-buffered") { backend, environment in
    try backend.buffered(BufferConfiguration(), clock: environment.clock).cached(clock: environment.clock)
  }

  /// A write buffer over a cache.
  public static let bufferedCached = Stack("buffered-cached") { backend, environment in
    try backend.cached(clock: environment.clock).buffered(BufferConfiguration(), clock: environment.clock)
  }

  /// A cache over a write buffer over a cache.
  public static let threeDeep = Stack("cached-buffered-cached") { backend, environment in
    try backend.cached(clock: environment.clock).buffered(BufferConfiguration(), clock: environment.clock)
      .cached(clock: environment.clock)
  }

  /// Every stack that this kit knows by name.
  public static let all: [Stack] = [.plain, .buffered, .cached, .cachedBuffered, .bufferedCached, .threeDeep]

  public static func == (a: Stack, b: Stack) -> Bool { a.name == b.name }
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
  public var description: String { name }
}

extension AuthCacheBackend {
  /// This backend behind a write buffer, with the capabilities it has.
  func buffered(
    _ configuration: BufferConfiguration, clock: any AuthCacheClock
  ) throws(AuthCacheError) -> any AuthCacheBackend {
    try BufferedBackend(over: self, configuration: configuration, clock: clock)
  }
}

extension AuthCacheBackend {
  /// This backend under a cache as it is made without a configuration.
  func cached(clock: any AuthCacheClock) -> any AuthCacheBackend { CachingBackend(over: self, clock: clock) }
}
