package import AuthCacheConformance
internal import Synchronization

extension ThrowawayServer {
  /// A server as the store of one run, for the `ephemeral` of a backend's factory.
  package static func store(
    _ kind: ServerKind, _ options: ServerOptions = ServerOptions()
  ) async throws
    -> EphemeralStore
  {
    let server = try await start(kind, options)
    return EphemeralStore(url: server.url) { await server.end() }
  }

  /// One server for all tests of this process that do not hurt it. It goes with the process.
  package static func shared(_ kind: ServerKind) async throws -> ThrowawayServer {
    let task = servers.withLock { servers in
      let task = servers[kind] ?? Task { try await start(kind) }
      servers[kind] = task
      return task
    }
    return try await task.value
  }

  private static let servers = Mutex<[ServerKind: Task<ThrowawayServer, any Error>]>([:])
}
