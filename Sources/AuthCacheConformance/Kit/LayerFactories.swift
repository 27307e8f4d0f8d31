public import AuthCache
internal import Logging

/// Makes the layers that the kit's requirements for layers are asked of.
public struct LayerFactories: Sendable {
  /// Everything that a write buffer is made of.
  public struct BufferParts: Sendable {
    /// What it writes to.
    public var delegate: any AuthCacheBackend
    /// How it gathers and acknowledges.
    public var configuration: BufferConfiguration
    /// What it goes by.
    public let clock: any AuthCacheClock
    /// What is to start its tasks.
    public let spawner: any TaskSpawner

    /// A ``BufferedBackend`` made of these parts.
    public func bundled() throws -> any BufferingBackend { try build(over: delegate) }

    private func build(over delegate: some AuthCacheBackend) throws -> any BufferingBackend {
      try BufferedBackend(over: delegate, configuration: configuration, clock: clock, spawner: spawner)
    }
  }

  /// Everything that a cache is made of.
  public struct CacheParts: Sendable {
    /// What it asks when it does not know.
    public var delegate: any AuthCacheBackend
    /// What is cached, and for how long.
    public var configuration: CachingConfiguration
    /// Says what others wrote; nil if nobody does.
    public let source: InvalidationSource?
    /// What it goes by.
    public let clock: any AuthCacheClock
    /// What is to start its tasks.
    public let spawner: any TaskSpawner

    /// A ``CachingBackend`` made of these parts.
    public func bundled() -> any CachingLayer { build(over: delegate) }

    private func build(over delegate: some AuthCacheBackend) -> any CachingLayer {
      CachingBackend(
        over: delegate, configuration: configuration, invalidatedBy: source, clock: clock, spawner: spawner,
        logger: .unheard)
    }
  }

  /// Makes the write buffer.
  public var buffer: @Sendable (BufferParts) throws -> any BufferingBackend
  /// Makes the cache.
  public var cache: @Sendable (CacheParts) throws -> any CachingLayer
  /// Whether the cache is not the bundled one: then it is asked the chapter about caches under every stack.
  let hasOwnCache: Bool

  /// - Parameters:
  ///   - buffer: Makes the write buffer; the bundled one if left out.
  ///   - cache: Makes the cache; the bundled one, in stacks that have a cache, if left out. A factory that throws
  ///     `unsupported` for a configuration, say for an order of eviction it does not have, is not asked what needs it.
  public init(
    buffer: @escaping @Sendable (BufferParts) throws -> any BufferingBackend = { try $0.bundled() },
    cache: (@Sendable (CacheParts) throws -> any CachingLayer)? = nil
  ) {
    self.buffer = buffer
    self.cache = cache ?? { $0.bundled() }
    hasOwnCache = cache != nil
  }
}

extension Logger {
  /// In checks sources are lost on purpose.
  static let unheard = Logger(label: "authcache.conformance") { _ in SwiftLogNoOpLogHandler() }
}

extension BackendFactory {
  /// The same backend, with other layers in front of it where a requirement is about a layer: your own write buffer or
  /// cache, say.
  public func layered(by layers: LayerFactories) -> BackendFactory {
    var factory = self
    factory.layers = layers
    return factory
  }
}

extension InterceptedBackend: BufferingBackend where Delegate: BufferingBackend {
  public func flush() async throws(AuthCacheError) { try await delegate.flush() }
  public func unwritten() -> [UnwrittenRecord] { delegate.unwritten() }
}

extension BufferingBackend {
  /// This buffer behind `interceptor`, with the capabilities it has.
  func sabotaged(by interceptor: any BackendInterceptor) -> any BufferingBackend {
    InterceptedBackend(self, by: interceptor)
  }
}

extension InterceptedBackend: CachingLayer where Delegate: CachingLayer {
  public func counts(of kind: RecordKind) -> CacheCounts { delegate.counts(of: kind) }
  public func cachedCount(of kind: RecordKind) -> Int { delegate.cachedCount(of: kind) }
  public func rememberedCount(of kind: RecordKind) -> Int { delegate.rememberedCount(of: kind) }
  public func flush() { delegate.flush() }
}

extension CachingLayer {
  /// This cache behind `interceptor`, with the capabilities it has.
  func traced(by interceptor: any BackendInterceptor) -> any CachingLayer { InterceptedBackend(self, by: interceptor) }
}
