package import Logging

/// The limits of a lane.
package struct LaneSettings: Sendable {
  /// How long a request may wait in the queue.
  package var acquireTimeout: Duration
  /// How many requests may wait.
  package var queueLimit: Int
  /// How many records one transaction takes up before the next begins.
  package var batchLimit: Int
  /// From how long on an operation is logged as slow; nil for never.
  package var slowOperation: Duration?
  package var logger: Logger

  package init(
    acquireTimeout: Duration, queueLimit: Int, batchLimit: Int, slowOperation: Duration?, logger: Logger
  ) {
    self.acquireTimeout = acquireTimeout
    self.queueLimit = queueLimit
    self.batchLimit = batchLimit
    self.slowOperation = slowOperation
    self.logger = logger
  }
}
