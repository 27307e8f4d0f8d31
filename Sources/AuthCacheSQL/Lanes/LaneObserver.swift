internal import AuthCache
internal import Logging
internal import Metrics

/// What the lanes tell the outside: metrics without labels that could hold a secret, and a line for what was slow.
struct LaneObserver: Sendable {
  private let depth: Gauge
  private let open: Gauge
  private let busy: Gauge
  private let batch: Recorder
  private let wait: Metrics.Timer
  private let logger: Logger
  private let slow: Duration?

  init(driver: String, lanes: String, settings: LaneSettings) {
    let dimensions = [("driver", driver), ("lanes", lanes)]
    depth = Gauge(label: "authcache_sql_queue_depth", dimensions: dimensions)
    open = Gauge(label: "authcache_sql_connections_open", dimensions: dimensions)
    busy = Gauge(label: "authcache_sql_connections_busy", dimensions: dimensions)
    batch = Recorder(label: "authcache_sql_batch_size", dimensions: dimensions)
    wait = Metrics.Timer(label: "authcache_sql_queue_wait", dimensions: dimensions)
    logger = settings.logger
    slow = settings.slowOperation
  }

  /// A batch was taken out of the queue, in which `left` requests stay.
  func took(_ requests: [LaneRequest], leaving left: Int) {
    depth.record(left)
    batch.record(requests.count)
    if let oldest = requests.first { wait.recordNanoseconds((Monotonic.now - oldest.enqueuedAt).wholeNanoseconds) }
  }

  func connections(open: Int, busy: Int) {
    self.open.record(open)
    self.busy.record(busy)
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

  /// A connection was lost or could not be made.
  func disconnected(_ failure: SQLFailure) {
    logger.warning("database connection lost", metadata: ["code": "\(failure.code)", "reason": "\(failure.reason)"])
  }
}
