import AuthCacheConformance
import AuthCacheServers
import Dispatch
import Foundation
import Testing

/// Processes that play one part on one table, let go together.
struct Crew {
  private let children: [ChildProcess]

  init(
    _ count: Int, _ scenario: String, _ database: Database, on server: ThrowawayServer, table: String,
    arguments: (Int) -> [String: String]
  ) throws {
    children = try (0..<count).map { number in
      let child = try ChildProcess(.product("authcache"))
      let task = ChildTask(
        scenario: scenario, arguments: arguments(number),
        backend: database.factory, url: server.url, namespace: table,
        directory: FileManager.default.temporaryDirectory.path, seed: UInt64(number))
      child.send(try task.line())
      return child
    }
  }

  /// Lets them go when all are ready; what they say until they end, while `body` is done beside them.
  func run(_ body: () async throws -> Void = {}) async throws -> [String] {
    for child in children {
      var lines = child.lines.makeAsyncIterator()
      guard await lines.next() == "ready" else {
        _ = await child.wait()
        throw RawSession.Fault(description: "a child did not get ready: \(child.diagnostics)")
      }
    }
    let start = DispatchTime.now().uptimeNanoseconds + 20_000_000
    for child in children { child.send("\(start)") }
    try await body()
    var said: [String] = []
    for child in children {
      for await line in child.lines { said.append(line) }
      #expect(await child.wait() == .status(0), "\(child.diagnostics)")
    }
    return said
  }
}
