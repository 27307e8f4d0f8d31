import AuthCache
import AuthCacheConformance
import Foundation
import Testing

/// Laws are checked in schedules only if everything that a layer does runs in them.
@Suite("Nothing leaves the schedule") struct EscapeTests {
  /// Lets somebody else store, and does not wait for it.
  private struct Leaving<Delegate: AuthCacheBackend>: ForwardingBackend {
    let delegate: Delegate
    let isDetached: Bool

    private static func wait(for event: Collected<Bool>) {
      for _ in 0..<5_000 where !event.value { Thread.sleep(forTimeInterval: 0.001) }
    }

    func store(_ record: Record) async throws(AuthCacheError) {
      let delegate = delegate
      let hasBegun = Collected(false)
      @Sendable func begin() async {
        try? await delegate.store(record)
        hasBegun.set(true)
      }
      if isDetached { Task.detached { await begin() } } else { Task { await begin() } }
      // It is elsewhere, and has its time there.
      Self.wait(for: hasBegun)
    }
  }

  @Test("a layer that starts an unstructured or a detached task fails the exploration", arguments: [false, true])
  func task(isDetached: Bool) async {
    let result = await Exploration(seed: 1, schedules: 20).run { schedule in
      let backend = Leaving(
        delegate: ReferenceBackend(clock: schedule.clock).interleaved(), isDetached: isDetached)
      let record = RecordSamples.record(1, expiresAt: nil)
      _ = try await schedule.clients(["A", "B"]) { _ in
        try await backend.store(record)
        for _ in 0..<6 { _ = try await backend.load(record.id) }
      }
    }
    #expect(result.failing?.flaw == .escaped, "\(result)")
  }

  /// Work that has left comes back from another thread; or not soon enough, where the processors are busy.
  private static func isNoticed(_ result: ExplorationResult) -> Bool {
    result.failing?.flaw == .escaped || result.failing?.flaw == .deadlock
  }

  @Test("a buffer that is not given the schedule's spawner fails the exploration")
  func buffer() async {
    let result = await Exploration(seed: 1).run { schedule in
      let buffer = try BufferedBackend(
        over: ReferenceBackend(clock: schedule.clock).interleaved(), clock: schedule.clock)
      _ = try await schedule.clients(["1", "2"]) { name in
        try await buffer.store(RecordSamples.record(UInt64(name) ?? 0, expiresAt: nil))
      }
      try await buffer.close()
    }
    #expect(Self.isNoticed(result), "\(result)")
  }

  @Test("a cache that is not given the schedule's spawner fails the exploration")
  func cache() async {
    let result = await Exploration(seed: 1).run { schedule in
      let cache = CachingBackend(
        over: ReferenceBackend(clock: schedule.clock).interleaved(), invalidatedBy: Announcer().source,
        clock: schedule.clock, logger: .silent)
      _ = try await schedule.clients(["1", "2"]) { _ in
        try await cache.load(.id(.session, RecordSamples.digest(1)))
      }
      try await cache.close()
    }
    #expect(Self.isNoticed(result), "\(result)")
  }

  @Test("no layer starts a task by itself")
  func sources() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let layers = root.appendingPathComponent("Sources/AuthCache/Layers")
    let files = try #require(FileManager.default.enumerator(atPath: layers.path)).compactMap { $0 as? String }
      .filter { $0.hasSuffix(".swift") }
    #expect(files.count > 30)
    for file in files {
      let text = try String(contentsOf: layers.appendingPathComponent(file), encoding: .utf8)
      for start in ["Task {", "Task(", "Task.detached", "Task.immediate", "DispatchQueue", "Thread("] {
        #expect(!text.contains(start), "\(file): \(start)")
      }
    }
  }
}
