import AuthCache
import AuthCacheSQLite
import Foundation
import Logging
import Testing

@testable import AuthCacheSQL

/// What a store gives up when throughput is what counts, and what it gains.
@Suite struct ThroughputTests {
  @Test(
    "the log grows four times as large before it is copied into the file, and no further", arguments: [false, true])
  func log(favorsThroughput: Bool) async throws {
    let folder = try TemporaryFolder()
    let backend = try await SQLiteBackend(path: folder.file)
    if favorsThroughput { backend.favorThroughput() }
    // 100 records of 4,096 bytes take 200 pages and more, and are written 160 times.
    for round in 0..<160 as Range<UInt64> {
      try await backend.store(
        contentsOf: (0..<100).map { number in
          Record(
            kind: .session, digest: RecordDigest(words: (number, 1, 2, 3)), revision: round,
            createdAt: .init(millisecondsSinceEpoch: 0), expiresAt: .distantFuture,
            payload: Payload([UInt8](repeating: UInt8(truncatingIfNeeded: round), count: 4_096)))
        })
    }
    let size = try #require(
      try FileManager.default.attributesOfItem(atPath: folder.file + "-wal")[.size] as? Int)
    #expect((favorsThroughput ? 16_000_000..<20_000_000 : 4_000_000..<8_000_000).contains(size), "\(size) bytes")
    try await backend.close()
    // The last handle copies what is left, and the log goes.
    #expect(!FileManager.default.fileExists(atPath: folder.file + "-wal"))
  }

  @Test("of 64 writes at once a lane takes a quarter, or half", arguments: [(false, 16), (true, 32)])
  func batches(favorsThroughput: Bool, expected: Int) async throws {
    var settings = LaneSettings(
      acquireTimeout: .seconds(30), queueLimit: 1_000, batchLimit: 1_000, slowOperation: nil,
      logger: Logger(label: "test"))
    settings.connections = 5...20
    // However slowly the test runs, nobody has waited for long.
    settings.pace.patience = .seconds(3_600)
    // Nor does anybody wait for another one to connect: here nobody does.
    settings.pace.growth = .zero
    var state = PoolState(settings: settings)
    state.favorsThroughput = favorsThroughput
    let requests = (0..<64).map { LaneRequest(.store(record(UInt64($0)))) }
    let answers = await waiting(requests)
    func serve() -> Int? {
      let lane = state.reserveLane()
      guard case .serve(writes: true) = state.nextDuty(for: lane, idleSince: .now) else { return nil }
      return state.take(for: lane, writes: true).count
    }
    for request in requests { #expect(state.queue.add(request) == nil) }
    // How many there are at once, the first lane finds out.
    #expect(serve() == 16)
    #expect(serve() == expected)
    // What is left of them waits for those that serve, or makes one more batch.
    #expect(serve() == (favorsThroughput ? nil : 16))
    for request in requests { request.settle(.success(.done)) }
    for answer in answers { _ = try await answer.value }
  }

  /// Somebody waits for each of them.
  private func waiting(_ requests: [LaneRequest]) async -> [Task<Void, any Error>] {
    var tasks: [Task<Void, any Error>] = []
    for request in requests {
      await withCheckedContinuation { continuation in
        tasks.append(
          Task {
            _ = try await request.answer { _ in
              continuation.resume()
              return nil
            }
          })
      }
    }
    return tasks
  }
}
