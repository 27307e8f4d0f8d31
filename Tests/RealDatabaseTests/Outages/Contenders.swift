import AuthCache
import AuthCacheConformance
import Testing

/// Tasks that all work on the same few sessions over two handles, with everything recorded that they ask and hear.
final class Contenders: Sendable {
  private let recorder = HistoryRecorder(clock: .system, slack: .milliseconds(10))
  private let isOver = Count()

  /// Lets so many tasks work until `body` has ended.
  func run(tasks: Int, on handles: [Database.Backend], until body: () async throws -> Void) async throws {
    try await withThrowingDiscardingTaskGroup { group in
      for task in 0..<tasks {
        let backend = handles[task % handles.count].intercepted(by: recorder.interceptor(for: "task \(task)"))
        group.addTask { await self.work(UInt64(task), on: backend) }
      }
      // Tasks that never end would hide what went wrong.
      defer { isOver.add() }
      try await body()
    }
  }

  /// Some order of the operations explains every answer, those included whose effect nobody knows.
  func expectLinearizable() throws { try recorder.history.check().requireLinearizable(overlapping: 100) }

  private func work(_ task: UInt64, on backend: any AuthCacheBackend) async {
    var random = SeededGenerator(seed: task &* 0xD134_2543_DE82_EF95)
    // As it was when it was last seen.
    var seen: [UInt64: Record] = [:]
    while isOver.value == 0 {
      let number = 1 << 60 | random.next() % 24
      let next = record(number, kind: .session, revision: random.next())
      // What fails stands in the history with its effect.
      do {
        switch random.next() % 11 {
        case 0: try await backend.store(next)
        case 1, 2: _ = try await backend.insert(next)
        case 3, 4: _ = try await backend.consume(next.id)
        case 5: _ = try await backend.remove(next.id)
        case 6: _ = try await backend.extend(next.id, to: next.createdAt + .seconds(7_200))
        case 7, 8: if let current = seen[number] { _ = try await backend.replace(current, with: next) }
        default: seen[number] = try await backend.load(next.id)
        }
      } catch {}
    }
  }
}
