package import AuthCache

extension BackendFactory {
  /// Opens the backend outside a check.
  package func open(_ environment: BackendEnvironment) async throws -> any AuthCacheBackend {
    try await make(environment)
  }

  /// Removes what ``open(_:)`` made.
  package func destroyed(_ environment: BackendEnvironment) async throws { try await destroy?(environment) }
}

extension Stack {
  /// Builds the stack outside a check.
  package func over(
    _ backend: any AuthCacheBackend, _ environment: BackendEnvironment
  ) async throws -> any AuthCacheBackend { try await build(backend, environment) }
}
