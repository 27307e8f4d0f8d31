import AuthCache
import AuthCacheServers
import Metrics
import MetricsTestKit
import Testing

extension RealDatabases {
  /// What a pool shows of itself.
  @Suite(.serialized, .timeLimit(.minutes(1))) struct PoolMetricsTests {
    /// A backend whose metrics are watched, behind a network that can be made bad.
    private struct Place {
      let backend: Database.Backend
      let proxy: TestProxy
      let table: String
      let metrics: TestMetrics

      init(_ database: Database, _ change: (inout Database.Settings) -> Void) async throws {
        var settings = Database.Settings()
        settings.tableName = SharedServer.tableName()
        settings.statementTimeout = .seconds(30)
        settings.connectTimeout = .seconds(30)
        change(&settings)
        let (metrics, proxy) = (TestMetrics(), try TestProxy(before: try await SharedServer.of(database)))
        let (url, chosen) = (proxy.url, settings)
        backend = try await withMetricsFactory(metrics) { try await database.open(url, chosen) }
        (self.proxy, self.metrics, table) = (proxy, metrics, settings.tableName)
      }

      var open: Int { gauge(MetricNames.poolOpen) }
      var busy: Int { gauge(MetricNames.poolBusy) }
      var waiting: Int { gauge(MetricNames.poolWaiting) }
      var waits: [Int64] { metrics.timers(label: MetricNames.poolWait).flatMap(\.values) }

      /// What this gauge shows, of the only pool there is.
      private func gauge(_ label: String) -> Int {
        let gauges = metrics.recorders(label: label)
        return gauges.count == 1 ? Int(gauges[0].lastValue ?? -1) : -1
      }

      func load(times: Int) -> [Task<Record?, any Error>] {
        (0..<times).map { number in
          Task { [backend] in try await backend.load(record(UInt64(number)).id) }
        }
      }
    }

    @Test(
      "while the server is silent the pool shows who is busy and who waits, and when it answers that nobody is",
      arguments: Database.servers)
    func stalled(_ database: Database) async throws {
      let place = try await Place(database) { $0.connections = 2...2 }
      try await until { place.open >= 1 && place.busy == 0 && place.waiting == 0 }
      // Again and again: whoever looks for work just then must not leave the rest of it to nobody.
      for _ in 1...15 {
        let before = place.waits.count
        await place.proxy.stall()
        let loads = place.load(times: 64)
        // A connection that is being made counts as well.
        try await until { place.busy == 2 && place.waiting > 0 }
        let start = ContinuousClock.now
        try await until { ContinuousClock.now - start > .milliseconds(50) }
        await place.proxy.resume()
        for load in loads { #expect(try await load.value == nil) }

        try await until { place.busy == 0 && place.waiting == 0 && place.open == 2 }
        let waits = place.waits.dropFirst(before)
        #expect(waits.count == 64, "each request, not each batch")
        #expect(waits.contains { $0 >= 50_000_000 })
      }
      try await place.backend.close()
      #expect(place.open == 0 && place.busy == 0 && place.waiting == 0)
      await place.proxy.end()
    }

    @Test(
      "who waits in vain is counted with the time, and no longer as waiting",
      arguments: Database.servers)
    func inVain(_ database: Database) async throws {
      let place = try await Place(database) {
        $0.connections = 1...1
        $0.acquireTimeout = .milliseconds(300)
      }
      try await until { place.open == 1 && place.busy == 0 && place.waiting == 0 }
      let opened = place.waits.count
      await place.proxy.stall()
      let first = place.load(times: 1)
      try await until { place.waits.count == opened + 1 && place.busy == 1 && place.waiting == 0 }
      let before = place.waits.count
      for load in place.load(times: 20) {
        let error = try await failure { _ = try await load.value }
        #expect(error?.code == .timeout)
      }
      try await until { place.waiting == 0 }
      #expect(place.busy == 1, "the one that was taken up is still under way")
      let waits = place.waits.dropFirst(before)
      #expect(waits.count == 20)
      #expect(waits.allSatisfy { $0 >= 300_000_000 && $0 < 20_000_000_000 })
      await place.proxy.resume()
      for load in first { #expect(try await load.value == nil) }
      try await until { place.busy == 0 }
      try await place.backend.close()
      await place.proxy.end()
    }

    @Test("connections that die are no longer shown as open, and new ones are", arguments: Database.servers)
    func lost(_ database: Database) async throws {
      let place = try await Place(database) { $0.connections = 3...3 }
      try await place.backend.store(record(1))
      // Its lane may not have done with it yet, and would take the next two together.
      try await until { place.busy == 0 }
      let raw = try RawSession(database, at: try await SharedServer.of(database).url)
      try raw.run("BEGIN")
      try raw.lock(record(1), in: place.table)
      var stores: [Task<Void, any Error>] = []
      // Each connection is held up by the row, one after the other.
      for count in 1...3 {
        stores.append(Task { [backend = place.backend] in try await backend.store(record(1)) })
        try await until { place.busy == count && place.waiting == 0 && place.open >= count }
      }
      try await until { place.open == 3 }

      await place.proxy.refuse()
      await place.proxy.resetAll()
      for store in stores {
        let error = try await failure { try await store.value }
        #expect(error?.code == .unavailable)
      }
      try await until { place.open == 0 && place.busy == 0 && place.waiting == 0 }
      try raw.run("ROLLBACK")
      await place.proxy.accept()
      try await until { (try? await place.backend.load(record(1).id)) != nil }
      #expect(place.open >= 1)
      try await place.backend.close()
      #expect(place.open == 0)
      await place.proxy.end()
    }
  }
}
