extension MetricNames {
  /// Counter: flushes of a write buffer.
  public static let bufferFlushes = "authcache.buffer.flushes"
  /// Counter: records that flushes wrote or removed.
  public static let bufferWritten = "authcache.buffer.written"
  /// Counter: writes that never went out, because a later one of the same record did.
  public static let bufferCoalesced = "authcache.buffer.coalesced"
  /// Counter: writes that were tried a second time.
  public static let bufferRetries = "authcache.buffer.retries"
  /// Counter: writes that failed for good or for now.
  public static let bufferFailures = "authcache.buffer.failures"
  /// Gauge: writes that wait or are under way, as a flush ends.
  public static let bufferDepth = "authcache.buffer.depth"
  /// Timer: how long a flush took; of writes that are handed on one by one, every sixteenth.
  public static let bufferFlushDuration = "authcache.buffer.flush.duration"
}
