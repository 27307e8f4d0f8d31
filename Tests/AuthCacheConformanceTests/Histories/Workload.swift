import AuthCache
import AuthCacheConformance

/// Many clients that do random things to few records at once, for a history to be judged.
///
/// A function of its seed apart from the times.
struct Workload: Sendable {
  var seed: UInt64
  /// How many records there are to fight over.
  var keys: Int
  /// How many operations each client carries out.
  var operations: Int
  /// How many tasks each process runs.
  var clients: Int
  var kind: RecordKind
  /// How long a record lives when it is written.
  var life: Duration

  init(
    seed: UInt64, keys: Int = 4, operations: Int = 200, clients: Int = 16, kind: RecordKind = .code,
    life: Duration = .seconds(3_600)
  ) {
    self.seed = seed
    self.keys = keys
    self.operations = operations
    self.clients = clients
    self.kind = kind
    self.life = life
  }

  /// Runs the clients of one process to their end.
  ///
  /// - Parameters:
  ///   - handles: what the clients use in turn; more than one to see whether they agree.
  ///   - recorder: takes what they did; its process number sets this process apart.
  ///   - clock: the backend's clock.
  func run(
    on handles: [any AuthCacheBackend], recorder: HistoryRecorder, clock: any AuthCacheClock
  ) async {
    await withTaskGroup(of: Void.self) { group in
      for client in 0..<clients where !handles.isEmpty {
        let handle = client % handles.count
        let name = "p\(recorder.process) h\(handle) t\(client)"
        let backend = handles[handle].intercepted(by: recorder.interceptor(for: name))
        group.addTask { await act(as: client, of: recorder.process, on: backend, clock: clock) }
      }
    }
  }

  /// The digest of one of the keys, counted from 0.
  func digest(_ key: Int) -> RecordDigest {
    var generator = SeededGenerator(seed: seed &+ UInt64(key) &* 0x1_0000_0001)
    return RecordDigest(words: (generator.next(), generator.next(), generator.next(), generator.next()))
  }

  private func act(
    as client: Int, of process: Int, on backend: any AuthCacheBackend, clock: any AuthCacheClock
  ) async {
    var generator = SeededGenerator(seed: seed ^ (UInt64(process) << 32 | UInt64(client) + 1) &* 0x9E37_79B9)
    var seen: [Int: Record] = [:]
    for _ in 0..<operations {
      let key = Int.random(in: 0..<max(1, keys), using: &generator)
      let lookup = Lookup.id(kind, digest(key))
      let now = clock.now
      let record = Record(
        kind: kind, digest: digest(key), revision: generator.next(), createdAt: now,
        expiresAt: now + life, payload: Payload([UInt8(truncatingIfNeeded: client)]))
      // What fails is in the history with its effect; the client goes on.
      do {
        switch Int.random(in: 0..<16, using: &generator) {
        case 0..<2: try await backend.store(record)
        case 2..<5: _ = try await backend.insert(record)
        case 5..<8: if let found = try await backend.load(lookup) { seen[key] = found }
        case 8..<11: _ = try await backend.consume(lookup)
        case 11..<13: _ = try await backend.replace(seen[key] ?? record, with: record)
        case 13: _ = try await backend.extend(lookup, to: now + life * 2)
        default: _ = try await backend.remove(lookup)
        }
      } catch {}
    }
  }
}
