/// A store that was started for one run and goes with it: a database server in a temporary folder, say.
///
/// A factory that can start one offers it to `verify --ephemeral`:
///
/// ```swift
/// BackendFactory("dynamo", embedded: false, schemes: ["dynamo"], ephemeral: {
///   let server = try await LocalDynamo.start()
///   return EphemeralStore(url: server.url) { await server.stop() }
/// }) { environment in … }
/// ```
public struct EphemeralStore: Sendable {
  /// Its address, as it would stand after `--url`.
  public let url: String
  /// Ends it and removes everything it left. Called once, after the last check, also after an interrupted run.
  public let end: @Sendable () async -> Void

  /// - Parameters:
  ///   - url: Its address, as it would stand after `--url`.
  ///   - end: Ends it and removes everything it left.
  public init(url: String, end: @escaping @Sendable () async -> Void) {
    self.url = url
    self.end = end
  }
}

extension BackendFactory {
  /// The same backend where its store could not be started: every requirement is blocked for that reason.
  package func blocked(_ reason: String) -> BackendFactory {
    BackendFactory(name, expecting: expecting, embedded: embedded, schemes: schemes) { _ in throw Blocked(reason) }
  }
}
