import AuthCache
import Logging

/// What is put on a database for tasks to race through.
enum RacedLayer: String, CaseIterable, Sendable, CustomStringConvertible {
  case cache, buffer
  /// A buffer that acknowledges sessions before they are written.
  case queue
  case cacheOverBuffer

  typealias Top = any BulkBackend & GroupBackend

  var description: String { rawValue }
  var remembers: Bool { self == .cache || self == .cacheOverBuffer }
  /// What waits in a queue may be written after what another handle wrote later.
  var toleratesOthers: Bool { self != .queue }

  func over(_ backend: Database.Announcer) throws -> Top { try build(over: backend) }

  private func build(over backend: some BulkBackend & GroupBackend & InvalidationBackend) throws -> Top {
    switch self {
    case .cache: Self.cache(over: backend, hearing: backend)
    case .buffer: try BufferedBackend(over: backend, configuration: BufferConfiguration(maxDelay: .milliseconds(1)))
    case .queue:
      try BufferedBackend(
        over: backend,
        configuration: BufferConfiguration(maxBatch: 16, maxDelay: .milliseconds(5), queued: [.session]))
    case .cacheOverBuffer: Self.cache(over: try BufferedBackend(over: backend), hearing: backend)
    }
  }

  /// Remembers sessions, and that there are none, for as long as the test takes, unless it hears of a change.
  private static func cache(
    over delegate: some BulkBackend & GroupBackend, hearing source: some InvalidationBackend
  ) -> Top {
    let policy = CachePolicy(
      timeToLive: .seconds(3_600), negativeTimeToLive: .seconds(3_600), skew: .zero)
    return CachingBackend(
      over: delegate, configuration: CachingConfiguration(sessions: policy, clients: .disabled),
      invalidatedBy: InvalidationSource(source, resubscribingAfter: .milliseconds(20)),
      logger: Logger(label: "authcache.test") { _ in SwiftLogNoOpLogHandler() })
  }
}
