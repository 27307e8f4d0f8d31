internal import AuthCache
internal import Foundation

extension Subject {
  /// Opens the subject once, to learn what it declares.
  ///
  /// - Throws: ``Blocked`` with one sentence if it can't be opened.
  package func inspect() async throws -> Declaration {
    let place = try CheckPlace(declaration: nil, url: url, announces: true)
    defer { place.remove() }
    let executor = CheckExecutor(threads: 1)
    defer { executor.end() }
    let (factory, stack, environment) = (factory, stack, place.environment)
    let answer = await bounded(by: .seconds(30), on: executor) { () -> Result<Declaration, Blocked> in
      do {
        let backend = try await stack.build(try await factory.make(environment), environment)
        var capabilities = Capability.all(of: backend)
        if await !announces(backend) { capabilities.remove(.invalidation) }
        let declaration = Declaration(
          properties: backend.properties, capabilities: capabilities, server: try? await factory.server?(environment))
        try? await backend.close()
        try? await factory.destroy?(environment)
        return .success(declaration)
      } catch let blocked as Blocked {
        return .failure(blocked)
      } catch {
        return .failure(Blocked("can't be opened: \(error)"))
      }
    }
    guard let answer else { throw Blocked("can't be opened: no answer within 30 seconds") }
    return try answer.get()
  }

  /// False where announcing is switched off, or can't be switched on.
  private func announces(_ backend: any AuthCacheBackend) async -> Bool {
    guard let backend = backend as? any InvalidationBackend else { return false }
    do throws(AuthCacheError) {
      _ = try await backend.invalidations()
      return true
    } catch {
      return error.code != .unsupported
    }
  }
}
