internal import AuthCache
internal import Logging

/// The lines that the lanes log.
struct LaneObserver: Sendable {
  private let logger: Logger
  private let slow: Duration?

  init(settings: LaneSettings) {
    logger = settings.logger
    slow = settings.slowOperation
  }

  /// Something took this long. Says so if that is slow.
  func noteIfSlow(_ operation: AuthCacheError.Operation, _ kind: RecordKind?, since start: Monotonic) {
    guard let slow, case let took = Monotonic.coarse - start, took >= slow else { return }
    var metadata: Logger.Metadata = [
      "operation": "\(operation)", "milliseconds": "\(took.wholeMilliseconds)",
    ]
    if let kind { metadata["kind"] = "\(kind)" }
    logger.warning("slow database operation", metadata: metadata)
  }

  /// All connections are busy, and more is asked than they serve.
  func exhausted(connections: Int, waiting: Int) {
    logger.warning(
      "all database connections are busy: raise maxConnections, or see what holds the database up",
      metadata: ["connections": "\(connections)", "waiting": "\(waiting)"])
  }

  /// A connection could not be made, or not made ready.
  func disconnected(_ failure: SQLFailure) {
    logger.warning("no database connection", metadata: ["code": "\(failure.code)", "reason": "\(failure.reason)"])
  }
}
