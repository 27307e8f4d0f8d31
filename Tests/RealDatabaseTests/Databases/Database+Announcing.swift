import AuthCache
import AuthCacheMySQL
import AuthCachePostgres
import Logging

extension Database {
  typealias Announcer = any BulkBackend & GroupBackend & InvalidationBackend

  /// Opens a table whose changes are announced.
  ///
  /// - Parameter announces: whether this handle asks for that.
  func announcing(
    _ url: String, table: String, announces: Bool = true, isTablePerKind: Bool = false,
    connections: ClosedRange<Int> = 1...5, checkInterval: Duration = .seconds(2)
  ) async throws(AuthCacheError) -> Announcer {
    switch self {
    case .postgres:
      var configuration = try PostgresBackend.Configuration(url: url)
      configuration.tableName = table
      configuration.tables = isTablePerKind ? .perKind : .one
      configuration.announcesChanges = announces
      configuration.listenCheckInterval = checkInterval
      (configuration.minConnections, configuration.maxConnections) = (connections.lowerBound, connections.upperBound)
      return try await PostgresBackend(configuration: configuration)
    case .mariadb, .mariadbLocked:
      var configuration = try MySQLBackend.Configuration(url: url)
      configuration.tableName = table
      configuration.tables = isTablePerKind ? .perKind : .one
      configuration.announcesChanges = announces
      configuration.changeInterval = .milliseconds(20)
      configuration.deletes = self == .mariadbLocked ? .locked : .automatic
      (configuration.minConnections, configuration.maxConnections) = (connections.lowerBound, connections.upperBound)
      return try await MySQLBackend(configuration: configuration)
    }
  }
}

/// A cache that serves a session for an hour unless it hears of a change.
func listeningCache(over backend: any InvalidationBackend) -> any AuthCacheBackend { cache(over: backend) }

private func cache(over backend: some InvalidationBackend) -> any AuthCacheBackend {
  let policy = CachePolicy(timeToLive: .seconds(3_600))
  return CachingBackend(
    over: backend, configuration: CachingConfiguration(sessions: policy),
    invalidatedBy: InvalidationSource(backend, resubscribingAfter: .milliseconds(20)),
    logger: Logger(label: "authcache.test") { _ in SwiftLogNoOpLogHandler() })
}

/// Everything that is announced, as long as this lives.
final class Ear: Sendable {
  private let heard = Locked<Set<Invalidation>>([])
  private let ending = Locked<(hasEnded: Bool, error: AuthCacheError?)>((false, nil))
  private let task: Locked<Task<Void, Never>?> = Locked(nil)

  init(_ backend: any InvalidationBackend) async throws(AuthCacheError) { try await listen(to: backend) }

  private func listen(to backend: some InvalidationBackend) async throws(AuthCacheError) {
    let announcements = try await backend.invalidations()
    let (heard, ending) = (heard, ending)
    let task = Task {
      do throws(AuthCacheError) {
        for try await invalidation in announcements { heard.with { _ = $0.insert(invalidation) } }
        ending.with { $0 = (true, nil) }
      } catch {
        ending.with { $0 = (true, error) }
      }
    }
    self.task.with { $0 = task }
    // The first word of all.
    while !heard.with({ $0.contains(.gap) }) { await Task.yield() }
    forget()
  }

  deinit { task.with { $0?.cancel() } }

  func cancel() { task.with { $0?.cancel() } }
  func forget() { heard.with { $0 = [] } }
  func hears(_ invalidation: Invalidation) -> Bool { heard.with { $0.contains(invalidation) } }
  var hearsAnything: Bool { heard.with { !$0.isEmpty } }
  var hasEnded: Bool { ending.with { $0.hasEnded } }
  var error: AuthCacheError? { ending.with { $0.error } }
}
