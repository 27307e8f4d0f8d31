import Logging
import Synchronization

/// Everything that a backend logs, as text.
final class WatchedLog: Sendable {
  private let lines = Mutex<[String]>([])

  var text: String { lines.withLock { $0.joined(separator: "\n") } }
  func count(of text: String) -> Int { lines.withLock { $0.count { $0.contains(text) } } }
  var logger: Logger { Logger(label: "authcache.test") { _ in Handler(log: self) } }

  private struct Handler: LogHandler {
    let log: WatchedLog
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      log.lines.withLock { $0.append("\(event.message) \(metadata) \(event.metadata ?? [:])") }
    }
  }
}
