package import AuthCache
package import Logging

/// The limits of the lanes of one pool.
package struct LaneSettings: Sendable {
  /// How many connections stay open once they were needed, and how many there may be.
  package var connections = 1...1
  /// Whether to say so when all connections are busy: not where there can be but one.
  package var reportsExhaustion = true
  /// How long a request may wait in the queue.
  package var acquireTimeout: Duration
  /// How many requests may wait.
  package var queueLimit: Int
  /// How many records one transaction takes up before the next begins.
  package var batchLimit: Int
  /// From how long on an operation is logged as slow; nil for never.
  package var slowOperation: Duration?
  package var logger: Logger
  /// Decides how long to wait before the next attempt to connect.
  package var entropy: any EntropySource = SystemEntropy()
  package var pace = Pace()

  package init(
    acquireTimeout: Duration, queueLimit: Int, batchLimit: Int, slowOperation: Duration?, logger: Logger
  ) {
    self.acquireTimeout = acquireTimeout
    self.queueLimit = queueLimit
    self.batchLimit = batchLimit
    self.slowOperation = slowOperation
    self.logger = logger
  }

  /// How soon more connections are used, and how long they are kept.
  package struct Pace: Sendable {
    /// A request that has waited so long although a lane serves its like is taken by another one.
    package var patience = Duration.milliseconds(2)
    /// The fewest requests of which another lane makes a batch of its own at once.
    package var crowd = 16
    /// So long must one have waited before more than the least number of connections is opened.
    package var growth = Duration.milliseconds(20)
    /// How long a connection beyond the least number stays open without work.
    package var idle = Duration.seconds(60)
    /// The first and the longest pause between attempts to connect.
    package var backoff = Duration.milliseconds(50)...Duration.seconds(1)
    /// How long a lane looks for more work before it sleeps: waking it costs more.
    package var attention = Duration.microseconds(50)

    package init() {}
  }
}
