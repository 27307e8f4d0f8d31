internal import AuthCache
internal import Logging
internal import Synchronization

/// Everything that a backend logs, as text.
final class CapturedLog: Sendable {
  private let lines = Mutex<[String]>([])

  var text: String { lines.withLock { $0.joined(separator: "\n") } }

  /// A logger that keeps every level.
  var logger: Logger { Logger(label: "authcache.conformance") { _ in Handler(log: self) } }

  private func append(_ line: String) { lines.withLock { $0.append(line) } }

  private struct Handler: LogHandler {
    let log: CapturedLog
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      log.append("\(event.message) \(metadata) \(event.metadata ?? [:])")
    }
  }
}

extension Trial {
  /// Opens the store with a logger of the check's own.
  func open(logger: Logger) async throws -> any AuthCacheBackend {
    let watched = BackendEnvironment(
      namespace: environment.namespace, clock: environment.clock, directory: environment.directory,
      url: environment.url, logger: logger, announces: environment.announces)
    let built = try await subject.stack.build(try await subject.factory.make(watched), watched)
    state.withLock { $0.handles.append(built) }
    return built.intercepted(by: TraceInterceptor(trace: trace, handle: ""))
  }
}
