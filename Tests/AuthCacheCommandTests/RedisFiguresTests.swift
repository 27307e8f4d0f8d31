import AuthCacheConformance
import AuthCacheServers
import Foundation
import Testing

@testable import AuthCacheCommand

@Suite(
  .serialized, .timeLimit(.minutes(2)),
  .enabled(if: ThrowawayRedis.whatIsMissing == nil, "\(ThrowawayRedis.whatIsMissing ?? "")"))
struct RedisFiguresTests {
  @Test("beside the databases stand what Redis writes, reads and consumes, alone, by many and in one go")
  func figures() async throws {
    let beside = try #require(await RedisFigures.measure(isQuick: true))
    #expect(beside.name.contains("Redis "))
    #expect(
      beside.figures.map(\.operation) == [
        "SET, 1 client", "GET, 1 client", "GETDEL (consume), 1 client", "SET, 64 clients", "GET, 64 clients",
        "GETDEL (consume), 64 clients", "SET, 100 in one go, 1 client", "GET, 100 in one go, 1 client",
      ])
    for figure in beside.figures { #expect(figure.time > 100 && figure.time < 10_000_000, "\(figure)") }
    // Together takes less than one by one.
    #expect(beside.figures[6].time < beside.figures[0].time)
  }

  @Test("nothing is left of it")
  func gone() async throws {
    let redis = try await ThrowawayRedis()
    let (folder, socket) = (redis.folder, redis.socket)
    #expect(FileManager.default.fileExists(atPath: socket))
    // It consumes: what it gave out once is not there again.
    #expect(try await redis.measure(["-n", "100", "GETDEL", "key"]).count == 1)
    await redis.end()
    #expect(!FileManager.default.fileExists(atPath: folder))
  }
}
