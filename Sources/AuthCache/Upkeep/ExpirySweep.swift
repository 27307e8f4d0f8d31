public import Logging
internal import Metrics
public import ServiceLifecycle

/// Removes expired records from a backend every few minutes, in small batches, until there are none.
///
/// Run it beside your server; without a sweep a table grows for ever. Several processes may sweep one store at once.
///
/// ```swift
/// let sweep = ExpirySweep(over: backend)
/// let services = ServiceGroup(services: [server, sweep], logger: logger)
/// ```
///
/// A sweep that fails is logged and tried again at the next interval; it never ends the service.
public struct ExpirySweep: Service {
  /// How often a sweep runs, and how much it takes at once.
  public struct Configuration: Sendable {
    /// From the end of one sweep to the beginning of the next, give or take a tenth.
    public var interval: Duration = .seconds(300)
    /// What ended less than this ago stays, so that a fast clock here erases nothing that is live elsewhere.
    public var skew: Duration = .seconds(60)
    /// How many records one call removes.
    public var batch = 1_000

    /// Everything has a default; see the properties.
    public init(interval: Duration = .seconds(300), skew: Duration = .seconds(60), batch: Int = 1_000) {
      self.interval = interval
      self.skew = skew
      self.batch = max(1, batch)
    }
  }

  private let backend: any AuthCacheBackend
  private let configuration: Configuration
  private let clock: any AuthCacheClock
  private let entropy: any EntropySource
  private let logger: Logger

  /// A sweep that begins when it is run.
  public init(
    over backend: any AuthCacheBackend, configuration: Configuration = .init(), clock: any AuthCacheClock = .system,
    entropy: any EntropySource = SystemEntropy(), logger: Logger = Logger(label: "authcache.sweep")
  ) {
    self.backend = backend
    self.configuration = configuration
    self.clock = clock
    self.entropy = entropy
    self.logger = logger
  }

  /// Sweeps at once and then at every interval, until the task is cancelled or shuts down gracefully.
  public func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        await sweepAndReport()
        do { try await clock.sleep(for: pause()) } catch { return }
      }
    }
  }

  /// One sweep: batch after batch until less than a batch went, or the task is cancelled.
  ///
  /// - Returns: how many of each kind went.
  /// - Throws: what the backend throws; what went before that is gone.
  public func sweep() async throws(AuthCacheError) -> ExpiredCounts {
    let cutoff = clock.now - configuration.skew
    var removed = ExpiredCounts()
    while !Task.isCancelled {
      let batch = try await backend.removeExpired(through: cutoff, limit: configuration.batch)
      removed += batch
      count(batch)
      if batch.total < configuration.batch { break }
      await Task.yield()
    }
    return removed
  }

  private func sweepAndReport() async {
    let start = clock.now
    do throws(AuthCacheError) {
      let removed = try await sweep()
      let took = start.duration(to: clock.now)
      Timer(label: MetricNames.sweepDuration).recordMilliseconds(took.wholeMilliseconds)
      if removed.total > 0 {
        logger.debug("expired records were removed", metadata: ["removed": "\(removed)"])
      }
    } catch {
      Counter(label: MetricNames.sweepFailures).increment()
      logger.warning("a sweep failed and is tried again later", metadata: ["error": "\(error)"])
    }
  }

  private func count(_ removed: ExpiredCounts) {
    for (kind, count) in removed.byKind {
      Counter(label: MetricNames.sweepRemoved, dimensions: [("kind", kind.rawValue)]).increment(by: count)
    }
  }

  /// The interval with a tenth of chance, so that processes that started together do not sweep together.
  private func pause() -> Duration {
    let milliseconds = configuration.interval.wholeMilliseconds
    let spread = max(1, milliseconds / 5)
    return .milliseconds(milliseconds - spread / 2 + Int64(entropy.next() % UInt64(spread)))
  }
}
