import AuthCache
import AuthCacheConformance
import Logging
import Testing

/// Whether a source is heard can be asked, counted, and read in the log.
@Suite struct InvalidationSourceTests {
  /// What a cache logs.
  private struct Lines: LogHandler {
    let lines: Collected<[String]>
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      lines.change { $0.append("\(event.level): \(event.message) \(event.metadata ?? [:])") }
    }
  }

  private typealias Cache = CachingBackend<ReferenceBackend>

  private static func cache(_ schedule: Schedule, _ source: InvalidationSource?, _ lines: Collected<[String]>) -> Cache
  {
    CachingBackend(
      over: ReferenceBackend(clock: schedule.clock), invalidatedBy: source, clock: schedule.clock,
      spawner: schedule.spawner, logger: Logger(label: "test") { _ in Lines(lines: lines) })
  }

  @Test func `A source that never works is told once, counted each time, and asked for by a health check`() async throws
  {
    let result = await Exploration(seed: 1, schedules: 20, floor: 1).run { schedule in
      let (announcer, lines) = (Announcer(), Collected([String]()))
      announcer.isCut = true
      let cache = Self.cache(schedule, announcer.source, lines)
      try await schedule.clock.sleep(for: .milliseconds(9_500))
      schedule.expect(!cache.isListening, "it says that it listens")
      _ = try await cache.load(.id(.client, RecordSamples.digest(1)))
      try await schedule.clock.sleep(for: .milliseconds(1_100))
      schedule.expect(cache.rememberedCount(of: .client) == 1, "an attempt that failed dropped what is cached")
      schedule.expect(cache.sourceCounts.failures == 11, "\(cache.sourceCounts)")
      schedule.expect(cache.sourceCounts.subscriptions == 0, "\(cache.sourceCounts)")
      schedule.expect(lines.value.count == 1, "\(lines.value)")
      schedule.expect(lines.value.first?.hasPrefix("warning") == true, "\(lines.value)")
      schedule.expect(lines.value.first?.contains("cut off") == true, "the reason is left out: \(lines.value)")

      announcer.isCut = false
      try await schedule.clock.sleep(for: .seconds(2))
      schedule.expect(cache.isListening && cache.sourceCounts.subscriptions == 1, "\(cache.sourceCounts)")
      schedule.expect(lines.value.count == 2 && lines.value[1].hasPrefix("notice"), "\(lines.value)")
      announcer.announce(.gap)
      try await schedule.clock.sleep(for: .milliseconds(1))
      schedule.expect(cache.sourceCounts.gaps == 1, "\(cache.sourceCounts)")

      // It fails again at once: the same series. After a minute of listening: a new one.
      announcer.cut()
      try await schedule.clock.sleep(for: .seconds(2))
      schedule.expect(cache.sourceCounts.failures == 12 && lines.value.count == 2, "\(lines.value)")
      try await schedule.clock.sleep(for: .seconds(70))
      announcer.cut()
      try await schedule.clock.sleep(for: .milliseconds(1))
      schedule.expect(lines.value.count == 3, "\(lines.value)")
      schedule.expect(!cache.isListening, "it says that it listens after the cut")

      let failures = cache.sourceCounts.failures
      try await cache.close()
      schedule.expect(cache.sourceCounts.failures == failures, "its own close counts as a failure")
    }
    try result.check()
  }

  @Test func `A cache without a source hears nothing and says so`() async throws {
    let world = CacheWorld()
    #expect(!world.cache.isListening)
    #expect(world.cache.sourceCounts == InvalidationCounts())
    try await world.cache.close()
  }
}
