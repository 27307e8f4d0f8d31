#if os(Linux)
import AuthCacheConformance
import AuthCacheServers
import Foundation
import Glibc
import Testing

extension RealServers {
  /// `authcache bench`, where it measures Redis.
  @Suite(
    .timeLimit(.minutes(3)),
    .enabled(if: ThrowawayRedis.whatIsMissing == nil, "\(ThrowawayRedis.whatIsMissing ?? "")"))
  struct RedisCommandTests {
    @Test("measures Redis and leaves nothing")
    func measures() async throws {
      let command = try Command(["bench", "--only", "redis", "--quick", "--format", "json"])
      let family = try await command.family { $0.count(of: "redis-server") == 1 && !$0.folders.isEmpty }
      let (exit, output) = try await command.end()
      #expect(exit == .status(0), "\(command.child.diagnostics)")
      #expect(output.contains("GETDEL (consume), 64 clients"))
      #expect(family.folders.count == 1)
      #expect(family.remains == [])
      command.tidy()
    }

    @Test("ended in the middle, it takes the server and its folder with it", arguments: [SIGINT, SIGTERM, SIGKILL])
    func ended(_ signal: Int32) async throws {
      let command = try Command(["bench", "--only", "redis"])
      let family = try await command.family {
        $0.count(of: "redis-server") == 1 && $0.count(of: "redis-benchmark") == 1
      }
      #expect(family.folders.count == 1)
      command.signal(signal)
      let exit = try await command.end().exit
      #expect(exit == (signal == SIGKILL ? .signal(SIGKILL) : .status(128 + signal)))
      let begin = ContinuousClock.now
      try await until { family.remains.isEmpty }
      #expect(ContinuousClock.now - begin < .seconds(20))
      command.tidy()
    }
  }
}
#endif
