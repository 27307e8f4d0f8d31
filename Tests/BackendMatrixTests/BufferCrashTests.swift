import AuthCache
import AuthCacheBundled
import AuthCacheConformance
import AuthCacheServers
import Foundation
import Testing

/// `kill -9` of a process that writes through a buffer, at moments that follow from a seed: what was acknowledged and is
/// not there afterwards.
@Suite(.serialized, .timeLimit(.minutes(4))) struct BufferCrashTests {
  @Test("of what a buffer acknowledged as persisted, a kill loses nothing", arguments: [BackendFactory.sqlite])
  func persistedEmbedded(_ factory: BackendFactory) async throws { try await persisted(factory, nil) }

  @Test(
    "of what a buffer acknowledged as persisted, a kill loses nothing on a server either",
    arguments: ServerKind.allCases.filter(\.canBeTested))
  func persistedOnServers(_ kind: ServerKind) async throws {
    // Of its own: the one that is shared has no connection to spare while all others test.
    let server = try await ThrowawayServer.start(kind)
    try await persisted(kind.factory, server.url)
    await server.end()
  }

  @Test("of what was acknowledged at once, a kill loses the delay and the flush under way", arguments: [20, 100])
  func queuedEmbedded(_ delay: Int) async throws { try await queued(.sqlite, nil, delay: delay) }

  @Test(
    "of what was acknowledged at once, a kill loses the delay and the flush under way on a server too",
    arguments: ServerKind.allCases.filter(\.canBeTested))
  func queuedOnServers(_ kind: ServerKind) async throws {
    let server = try await ThrowawayServer.start(kind)
    try await queued(kind.factory, server.url, delay: 50)
    await server.end()
  }

  private func persisted(_ factory: BackendFactory, _ url: String?) async throws {
    var total = 0
    for seed in 1...5 as ClosedRange<UInt64> {
      let loss = try await loss(factory, url, seed: seed, delay: 0, isQueued: false, after: 50...400)
      #expect(loss.lost.isEmpty, "\(loss.lost.count) of \(loss.acknowledged) acknowledged sessions are lost")
      total += loss.acknowledged
    }
    print("kill -9, \(factory.name), persisted: \(total) acknowledged in 5 rounds, none lost")
  }

  private func queued(_ factory: BackendFactory, _ url: String?, delay: Int) async throws {
    for seed in 1...2 as ClosedRange<UInt64> {
      let loss = try await loss(factory, url, seed: seed, delay: delay, isQueued: true, after: 2_000...3_000)
      print(
        "kill -9, \(factory.name), queued for \(delay) ms: of \(loss.acknowledged) acknowledged \(loss.lost.count) lost,"
          + " the oldest \(loss.window) ms before the end")
      // The delay, and what a flush may take on a machine that does much else.
      #expect(loss.window <= delay + 500)
      #expect(loss.duration > 1_000 + delay, "too short to tell")
    }
  }

  private struct Loss {
    var acknowledged = 0
    var lost: [Int] = []
    /// How many milliseconds before the last acknowledgement the first came of which nothing is left.
    var window = 0
    /// How long the process had been writing, in milliseconds.
    var duration = 0
  }

  private func loss(
    _ factory: BackendFactory, _ url: String?, seed: UInt64, delay: Int, isQueued: Bool, after: ClosedRange<Int>
  ) async throws -> Loss {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("authcache-crash-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let environment = BackendEnvironment(
      namespace: "crash\(UInt32.random(in: .min ... .max))", clock: SystemClock(), directory: folder.path, url: url)
    let store = try await factory.open(environment)
    let series = RecordSeries(seed: seed, start: SystemClock().now, aliases: true)
    var generator = SeededGenerator(seed: seed)
    let end = Int.random(in: after, using: &generator)
    let times = try await times(
      of: ChildTask(
        scenario: "buffer.storeUntilKilled",
        arguments: series.arguments(["tasks": "2", "maxDelay": "\(delay)", "queued": "\(isQueued)"]),
        backend: factory.name, url: url, namespace: environment.namespace, directory: folder.path, seed: seed),
      killedAfter: end)
    var loss = Loss(acknowledged: times.count, duration: times.values.max() ?? 0)
    for number in times.keys.sorted() where try await store.load(series.session(number).id) == nil {
      loss.lost.append(number)
    }
    if let oldest = loss.lost.compactMap({ times[$0] }).min() { loss.window = loss.duration - oldest }
    try await store.close()
    try await factory.destroyed(environment)
    return loss
  }

  /// Which stores a child had been acknowledged when it was killed, and when.
  private func times(of task: ChildTask, killedAfter end: Int) async throws -> [Int: Int] {
    let child = try ChildProcess(.product("authcache"))
    child.send(try task.line())
    var times: [Int: Int] = [:]
    for await line in child.lines {
      let words = line.split(separator: " ").compactMap { Int($0) }
      guard words.count == 2 else { continue }
      times[words[0]] = words[1]
      if times.count == end { child.kill() }
    }
    let exit = await child.wait()
    #expect(times.count >= end, "the child \(exit), saying: \(child.diagnostics)")
    return times
  }
}

extension ServerKind {
  fileprivate var factory: BackendFactory { self == .postgres ? .postgres : .mysql }
}
