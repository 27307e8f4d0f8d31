internal import AuthCache

extension BackendFactory {
  /// The bundled memory backend.
  public static let memory = BackendFactory("memory", expecting: [.bulk, .group, .listing]) { environment in
    MemoryBackend(clock: environment.clock)
  }
}
