internal import AuthCache

extension BackendFactory {
  /// The bundled memory backend.
  public static let memory = BackendFactory("memory", expecting: [.bulk, .group, .listing, .invalidation]) {
    environment in
    MemoryBackend(clock: environment.clock)
  }
}
