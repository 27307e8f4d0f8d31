internal import AuthCache
internal import Metrics
internal import Synchronization

/// The metrics of one pool. No label could hold a secret.
///
/// Where nobody has set up a metrics system before the pool was made, they cost a comparison.
final class PoolMetrics: Sendable {
  private struct Shown {
    var waitingNumber: UInt64 = 0
    var connectionsNumber: UInt64 = 0
    var open = -1
    var busy = -1
    var waiting = -1
  }

  /// Whether somebody looks.
  let isWatched: Bool
  private let open: Gauge
  private let busy: Gauge
  private let waiting: Gauge
  private let batch: Recorder
  private let wait: Metrics.Timer
  private let shown = Mutex(Shown())

  init(driver: String, lanes: String, table: String) {
    let dimensions = [("driver", driver), ("lanes", lanes), ("table", table)]
    isWatched = !(MetricsSystem.factory is NOOPMetricsHandler)
    open = Gauge(label: MetricNames.poolOpen, dimensions: dimensions)
    busy = Gauge(label: MetricNames.poolBusy, dimensions: dimensions)
    waiting = Gauge(label: MetricNames.poolWaiting, dimensions: dimensions)
    batch = Recorder(label: MetricNames.poolBatch, dimensions: dimensions)
    wait = Metrics.Timer(label: MetricNames.poolWait, dimensions: dimensions)
  }

  /// Shows how the pool stands, unless something later is shown already: threads do not come in the order in which
  /// they saw the pool. What has not changed is not recorded.
  func show(_ standing: PoolStanding?) {
    guard let standing else { return }
    shown.withLock { shown in
      if standing.number > shown.waitingNumber {
        shown.waitingNumber = standing.number
        Self.record(standing.waiting, in: waiting, unless: &shown.waiting)
      }
      if let (open, busy) = standing.connections, standing.number > shown.connectionsNumber {
        shown.connectionsNumber = standing.number
        Self.record(open, in: self.open, unless: &shown.open)
        Self.record(busy, in: self.busy, unless: &shown.busy)
      }
    }
  }

  private static func record(_ value: Int, in gauge: Gauge, unless shown: inout Int) {
    guard value != shown else { return }
    shown = value
    gauge.record(value)
  }

  /// A lane took these up.
  func took(_ requests: [LaneRequest]) {
    guard isWatched, !requests.isEmpty else { return }
    batch.record(requests.count)
    waited(requests)
  }

  /// These wait no longer.
  func waited(_ requests: [LaneRequest]) {
    guard isWatched, !requests.isEmpty else { return }
    let now = Monotonic.now
    for request in requests { wait.recordNanoseconds((now - request.enqueuedAt).wholeNanoseconds) }
  }
}
