import AuthCache
import AuthCacheConformance
import Testing

extension RealDatabases {
  /// The race laws of both layers, where the threads and the store are real.
  @Suite("Layers raced on databases", .serialized, .timeLimit(.minutes(2))) struct LayerRaceTests {
    @Test(
      "what many tasks do through a layer, beside it and while it is closed has an order that explains every answer",
      arguments: SharedTable.Store.here, RacedLayer.allCases)
    func laws(_ store: SharedTable.Store, _ layer: RacedLayer) async throws {
      let seed = UInt64.random(in: 0..<1_000_000)
      let table = SharedTable(in: store)
      defer { table.destroy() }
      let verdict = try await LayerRace(table: table, layer: layer, seed: seed).run()
      let breaches = verdict.breaches
      #expect(breaches.isEmpty, "seed \(seed): \(breaches.prefix(3).joined(separator: "\n"))")
      let history = History(verdict.operations)
      #expect(history.overlapping > history.operations.count / 2, "seed \(seed): \(history.overlapping) overlapped")
    }

    @Test("a layer that is wrong is found out", arguments: WrongLayer.allCases)
    func foundOut(_ wrong: WrongLayer) async throws {
      // Most are found out at once; it takes two at one moment to consume one record twice.
      var isFoundOut = false
      for seed in 0..<20 as Range<UInt64> where !isFoundOut {
        let table = SharedTable(in: .sqlite)
        defer { table.destroy() }
        let race = LayerRace(table: table, layer: .buffer, seed: seed, rounds: 2, tasks: 6)
        isFoundOut = try await !race.run { $0.intercepted(by: wrong.interceptor) }.breaches.isEmpty
      }
      #expect(isFoundOut)
    }
  }
}
