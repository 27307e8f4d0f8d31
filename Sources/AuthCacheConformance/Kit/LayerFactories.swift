public import AuthCache

/// Makes the layers that the kit's requirements for layers are asked of.
public struct LayerFactories: Sendable {
  /// Everything that a write buffer is made of.
  public struct BufferParts: Sendable {
    public var delegate: any AuthCacheBackend
    public var configuration: BufferConfiguration
    public let clock: any AuthCacheClock
    public let spawner: any TaskSpawner

    /// A ``BufferedBackend`` made of these parts.
    public func bundled() throws -> any BufferingBackend { try build(over: delegate) }

    private func build(over delegate: some AuthCacheBackend) throws -> any BufferingBackend {
      try BufferedBackend(over: delegate, configuration: configuration, clock: clock, spawner: spawner)
    }
  }

  public var buffer: @Sendable (BufferParts) throws -> any BufferingBackend

  public init(buffer: @escaping @Sendable (BufferParts) throws -> any BufferingBackend = { try $0.bundled() }) {
    self.buffer = buffer
  }
}

extension BackendFactory {
  /// The same backend, with other layers in front of it where a requirement is about a layer: your own write buffer,
  /// say.
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
