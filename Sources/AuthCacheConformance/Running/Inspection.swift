internal import AuthCache
internal import Foundation

extension Subject {
  /// Opens the subject once, to learn what it declares.
  ///
  /// - Throws: ``Blocked`` with one sentence if it can't be opened.
  package func inspect() async throws -> Declaration {
    let place = try CheckPlace(declaration: nil, url: url)
    defer { place.remove() }
    let executor = CheckExecutor(threads: 1)
    defer { executor.end() }
    let (factory, stack, environment) = (factory, stack, place.environment)
    let answer = await bounded(by: .seconds(30), on: executor) { () -> Result<Declaration, Blocked> in
      do {
        let backend = try await stack.build(try await factory.make(environment), environment)
        let declaration = Declaration(
          properties: backend.properties, capabilities: Capability.all(of: backend),
          server: try? await factory.server?(environment))
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
}
