extension MetricNames {
  /// Gauge: database connections that a backend holds open.
  ///
  /// This and the others of `authcache.pool` have the dimensions `driver`, `table` and `lanes` (which pool of a
  /// backend that has several).
  public static let poolOpen = "authcache.pool.open"
  /// Gauge: connections that serve requests, those among them that are being opened for some.
  public static let poolBusy = "authcache.pool.busy"
  /// Gauge: requests that wait for a connection.
  public static let poolWaiting = "authcache.pool.waiting"
  /// Timer: how long a request waited for a connection, also if it waited in vain.
  public static let poolWait = "authcache.pool.wait"
  /// Recorder: how many requests one connection took up at once.
  public static let poolBatch = "authcache.pool.batch"
}
