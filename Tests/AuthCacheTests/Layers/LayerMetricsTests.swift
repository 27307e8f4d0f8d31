import AuthCache
import AuthCacheConformance
import Testing

/// What the layers tell swift-metrics is what they count, and never of which record.
@Suite("Metrics of layers") struct LayerMetricsTests {
  @Test("after close the sums of a cache are its counts, by kind and nothing else")
  func cache() async throws {
    try await RecordedMetrics.record { metrics in
      let policy = CachePolicy(capacity: 4, timeToLive: .seconds(60), negativeTimeToLive: .seconds(5), skew: .zero)
      let announcer = Announcer()
      let world = CacheWorld(CachingConfiguration(sessions: policy, clients: policy), invalidatedBy: announcer.source)
      while announcer.listeners == 0 { await Task.yield() }
      for number in 0..<12 as Range<UInt64> {
        try await world.store.store(world.session(number, accessToken: 100 + number))
        try await world.store.store(world.client(number))
      }
      // More hits than one publication takes.
      for round in 0..<1_500 as Range<UInt64> {
        _ = try await world.cache.load(.id(.session, RecordSamples.digest(1)))
        _ = try await world.cache.load(.id(.client, RecordSamples.digest(round % 12)))
        _ = try await world.cache.load(.id(.session, RecordSamples.digest(500)))
      }
      _ = try await world.cache.load(contentsOf: (0..<6).map { .id(.session, RecordSamples.digest($0)) })
      _ = try await world.cache.remove(.id(.session, RecordSamples.digest(1)))
      world.clock.advance(by: .seconds(61))
      for number in 0..<6 as Range<UInt64> {
        _ = try await world.cache.load(.id(.session, RecordSamples.digest(number)))
      }
      announcer.announce(.gap)
      while world.cache.sourceCounts.gaps == 0 { await Task.yield() }
      let before = (world.cache.counts(of: .session), world.cache.counts(of: .client))
      #expect(before.0.hits > 1_400 && before.0.negativeHits > 1_400 && before.0.expirations > 0)
      #expect(before.1.evictions > 0 && before.1.hits > 0)
      try await world.cache.close()

      for kind in [RecordKind.session, .client] {
        let counts = world.cache.counts(of: kind)
        let expected = [
          "hits": counts.hits, "negative_hits": counts.negativeHits, "misses": counts.misses, "loads": counts.loads,
          "evictions": counts.evictions, "expirations": counts.expirations, "invalidations": counts.invalidations,
        ]
        for (name, count) in expected {
          let sum = metrics.sum("authcache.cache.\(name)", [("kind", kind.rawValue)])
          #expect(sum == count, "\(name) of \(kind)")
        }
      }
      let source = world.cache.sourceCounts
      #expect(source.subscriptions == 1 && source.gaps == 1 && source.failures == 0)
      #expect(metrics.sum("authcache.cache.source.subscriptions") == 1)
      #expect(metrics.sum("authcache.cache.source.gaps") == 1)
      for key in metrics.made {
        #expect(key.dimensions.allSatisfy { ["kind=session", "kind=client"].contains($0) }, "\(key)")
      }
      #expect(metrics.made.count == 2 * 7 + 3)
    }
  }

  @Test("after close the sums of a buffer are its counts, exactly, without a dimension", arguments: [false, true])
  func buffer(losesItsStore: Bool) async throws {
    await explore(1) { schedule in
      try await RecordedMetrics.record { metrics in
        let isDown = Collected(false)
        let lab = try BufferLab(schedule, .patient(queued: [.session])) { _, call in
          if case .close = call { return nil }
          if isDown.value { return .refused(.unavailable) }
          // One in a bulk call that is refused, and one record that always is.
          switch call {
          case .storeContents(let records) where records.contains { $0.digest == RecordSamples.digest(3) }:
            return .refused(.corrupt)
          case .store(let record) where record.digest == RecordSamples.digest(3): return .refused(.corrupt)
          default: return nil
          }
        }
        for number in 1...4 { try await lab.buffer.store(lab.session(UInt64(number))) }
        try await lab.buffer.store(lab.session(4, revision: 2))
        schedule.expect(metrics.values(MetricNames.bufferDepth).isEmpty, "told before a flush")
        schedule.expect(await failure { try await lab.buffer.flush() }?.code == .corrupt, "the flush did not fail")
        schedule.expect(metrics.sum(MetricNames.bufferFlushes) == 1, "flushes")
        schedule.expect(metrics.sum(MetricNames.bufferWritten) == 3, "written")
        schedule.expect(metrics.sum(MetricNames.bufferCoalesced) == 1, "coalesced")
        schedule.expect(
          metrics.sum(MetricNames.bufferRetries) == 4, "retries: all four went out once more, by themselves")
        schedule.expect(metrics.sum(MetricNames.bufferFailures) == 1, "failures")
        schedule.expect(metrics.values(MetricNames.bufferDepth) == [0], "\(metrics.values(MetricNames.bufferDepth))")
        schedule.expect(metrics.values(MetricNames.bufferFlushDuration).count == 1, "durations")

        try await lab.buffer.store(lab.session(7))
        try await lab.buffer.store(lab.session(7, revision: 2))
        isDown.set(losesItsStore)
        _ = await failure { try await lab.buffer.close() }
        let counts = lab.buffer.counts
        schedule.expect(metrics.sum(MetricNames.bufferFlushes) == counts.flushes, "flushes of \(counts)")
        schedule.expect(metrics.sum(MetricNames.bufferWritten) == counts.written, "written of \(counts)")
        schedule.expect(metrics.sum(MetricNames.bufferCoalesced) == counts.coalesced, "coalesced of \(counts)")
        schedule.expect(metrics.sum(MetricNames.bufferRetries) == counts.retried, "retries of \(counts)")
        schedule.expect(metrics.sum(MetricNames.bufferFailures) == counts.failed, "failures of \(counts)")
        schedule.expect(counts.coalesced == 2 && counts.written == (losesItsStore ? 3 : 4), "\(counts)")
        schedule.expect(metrics.values(MetricNames.bufferDepth).last == 0, "the depth after close")
        schedule.expect(metrics.made.count == 7 && metrics.made.allSatisfy { $0.dimensions.isEmpty }, "\(metrics.made)")
      }
    }
  }
}
