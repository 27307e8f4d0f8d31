internal import Metrics

/// What a buffer counts, made once. No metric carries a key.
struct BufferMetrics: Sendable {
  let flushes = Counter(label: MetricNames.bufferFlushes)
  let written = Counter(label: MetricNames.bufferWritten)
  let coalesced = Counter(label: MetricNames.bufferCoalesced)
  let retries = Counter(label: MetricNames.bufferRetries)
  let failures = Counter(label: MetricNames.bufferFailures)
  let depth = Gauge(label: MetricNames.bufferDepth)
  let duration = Timer(label: MetricNames.bufferFlushDuration)

  func add(_ counts: BufferCounts, since last: BufferCounts) {
    add(counts.flushes - last.flushes, to: flushes)
    add(counts.written - last.written, to: written)
    add(counts.coalesced - last.coalesced, to: coalesced)
    add(counts.retried - last.retried, to: retries)
    add(counts.failed - last.failed, to: failures)
  }

  private func add(_ count: Int, to counter: Counter) {
    if count > 0 { counter.increment(by: count) }
  }
}
