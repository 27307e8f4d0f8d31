internal import AuthCache
internal import Logging
internal import Metrics

/// What a lane tells the outside: metrics without labels that could hold a secret, and a line for what was slow.
struct LaneObserver: Sendable {
  private let depth: Gauge
  private let batch: Recorder
  private let wait: Metrics.Timer
  private let logger: Logger
  private let slow: Duration?

  init(driver: String, lane: String, settings: LaneSettings) {
    let dimensions = [("driver", driver), ("lane", lane)]
    depth = Gauge(label: "authcache_sql_queue_depth", dimensions: dimensions)
    batch = Recorder(label: "authcache_sql_batch_size", dimensions: dimensions)
    wait = Metrics.Timer(label: "authcache_sql_queue_wait", dimensions: dimensions)
    logger = settings.logger
    slow = settings.slowOperation
  }

  /// A batch was taken out of the queue, in which `left` requests stay.
  func took(_ works: [any LaneWork], leaving left: Int) {
    depth.record(left)
    batch.record(works.count)
    if let oldest = works.first { wait.recordNanoseconds((Monotonic.now - oldest.enqueuedAt).wholeNanoseconds) }
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
}
