import AuthCache
import AuthCacheConformance
import Testing

/// Tasks that race through one layer on a database, and beside it through another handle where that is allowed, until the
/// layer is closed in their midst.
struct LayerRace {
  let table: SharedTable
  let layer: RacedLayer
  let seed: UInt64
  var rounds = 3
  var tasks = 10
  var steps = 8

  /// - Parameter wrap: puts something of its own on the layer.
  func run(_ wrap: (any AuthCacheBackend) -> any AuthCacheBackend = { $0 }) async throws -> RaceVerdict {
    let recorder = HistoryRecorder(clock: .system)
    let (below, beside) = (try await table.open(), try await table.open())
    let top = wrap(try layer.over(below))
    var starts: [UInt64] = []
    for round in 0..<rounds {
      starts.append(recorder.history.operations.compactMap(\.returned).max() ?? 0)
      let isLast = round == rounds - 1
      try await race(round, through: top, beside: beside, recorder, closing: isLast)
      if !isLast { try await agree(top, beside) }
    }
    // What was acknowledged, and nothing else: judged like any other loads.
    let judge = try await table.open().intercepted(by: recorder.interceptor(for: "judge"))
    starts.append(recorder.history.operations.compactMap(\.returned).max() ?? 0)
    for lookup in RaceWork.lookups { _ = try await judge.load(lookup) }
    try await judge.close()
    try await beside.close()
    return RaceVerdict(operations: recorder.history.operations, rounds: starts, layer: layer)
  }

  private func race(
    _ round: Int, through top: any AuthCacheBackend, beside: any AuthCacheBackend, _ recorder: HistoryRecorder,
    closing: Bool
  ) async throws {
    let done = Count()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<tasks {
        let isBeside = layer.toleratesOthers && task % 4 == 3
        let name = isBeside ? "beside \(task)" : "\(RaceVerdict.through) \(task)"
        let backend = (isBeside ? beside : top).intercepted(by: recorder.interceptor(for: name))
        var work = RaceWork(seed: seed, client: round * 100 + task)
        group.addTask {
          for _ in 0..<steps {
            do throws(AuthCacheError) { try await work.step(on: backend) } catch {
              guard closing, error.code == .closed else { throw error }
            }
            done.add()
          }
        }
      }
      if closing {
        group.addTask {
          try await until { done.value > tasks * steps / 3 }
          try await top.close()
        }
      }
      try await group.waitForAll()
    }
  }

  /// Nobody writes: what the layer remembers becomes what is in the store.
  private func agree(_ top: any AuthCacheBackend, _ store: any AuthCacheBackend) async throws {
    for lookup in RaceWork.lookups { try await until { try await top.load(lookup) == store.load(lookup) } }
  }
}
