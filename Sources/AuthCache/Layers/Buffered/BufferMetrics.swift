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
}
