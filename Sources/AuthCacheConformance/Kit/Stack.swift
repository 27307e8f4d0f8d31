public import AuthCache

/// The layers that a backend is verified under, from the top down.
public struct Stack: Sendable, Hashable, CustomStringConvertible {
  /// A layer that the kit can put on a backend, as it is made without a configuration.
  public enum Layer: String, Sendable, Hashable, CaseIterable {
    /// A ``CachingBackend``.
    case cache
    /// A ``BufferedBackend``.
    case buffer
  }

  /// The name in reports and after `--stack`: its layers from the top down, joined by `+`.
  public let name: String
  /// From the top down; nil for a stack that is built by a closure, into which the kit can't look.
  public let layers: [Layer]?

  let build: @Sendable (any AuthCacheBackend, BackendEnvironment) async throws -> any AuthCacheBackend

  /// A stack of your own making. To have its cache or buffer asked the chapters about them, register what makes it
  /// with ``BackendFactory/layered(by:)``.
  public init(
    _ name: String,
    build: @escaping @Sendable (any AuthCacheBackend, BackendEnvironment) async throws -> any AuthCacheBackend
  ) {
    self.name = name
    self.build = build
    layers = nil
  }

  /// These layers, from the top down.
  public init(_ name: String, layers: [Layer]) {
    self.name = name
    self.layers = layers
    build = { backend, environment in try backend.under(layers, clock: environment.clock) }
  }

  /// No layer at all.
  public static let plain = Stack(layers: [])

  /// A write buffer that acknowledges what is persisted.
  public static let buffered = Stack(layers: [.buffer])

  /// A cache over the backend.
  public static let cached = Stack(layers: [.cache])

  /// A cache over a write buffer.
  public static let cachedBuffered = Stack(layers: [.cache, .buffer])

  /// A write buffer over a cache.
  public static let bufferedCached = Stack(layers: [.buffer, .cache])

  /// A cache over a write buffer over a cache.
  public static let threeDeep = Stack(layers: [.cache, .buffer, .cache])

  /// A write buffer over a cache over a write buffer.
  public static let threeDeepBuffered = Stack(layers: [.buffer, .cache, .buffer])

  /// What `--stack all` stands for: every order of both layers up to three deep in which they alternate.
  public static let all: [Stack] = [
    .plain, .buffered, .cached, .cachedBuffered, .bufferedCached, .threeDeep, .threeDeepBuffered,
  ]

  /// What lies under the topmost cache; nil if there is none that the kit knows of.
  var layersBelowCache: [Layer]? {
    guard let layers, let cache = layers.firstIndex(of: .cache) else { return nil }
    return Array(layers[(cache + 1)...])
  }

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

  /// This backend under `layers`, which are named from the top down.
  func under(_ layers: [Stack.Layer], clock: any AuthCacheClock) throws -> any AuthCacheBackend {
    try layers.reversed().reduce(self as any AuthCacheBackend) { backend, layer in
      switch layer {
      case .cache: backend.cached(clock: clock)
      case .buffer: try backend.buffered(BufferConfiguration(), clock: clock)
      }
    }
  }
}
