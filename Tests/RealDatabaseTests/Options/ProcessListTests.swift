#if os(Linux)
import AuthCacheBundled
import AuthCacheServers
import Foundation
import Testing

/// The processes of this machine, as `ps` sees them.
enum ProcessList {
  struct Entry {
    let id: Int32
    let words: String
  }

  static func all() -> [Entry] {
    let ids = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
    return ids.map { id in
      let words = FileManager.default.contents(atPath: "/proc/\(id)/cmdline") ?? Data()
      return Entry(id: id, words: String(decoding: words, as: UTF8.self).replacing("\0", with: " "))
    }
  }
}

extension RealDatabases {
  @Suite(.serialized, .timeLimit(.minutes(2))) struct ProcessListTests {
    @Test(
      "pgbench is not told the password by its words",
      .enabled(if: ServerKind.postgres.canBeTested && Pgbench.whatIsMissing == nil, "\(Pgbench.whatIsMissing ?? "")"))
    func pgbench() async throws {
      let server = try await SharedServer.of(.postgres)
      let script = FileManager.default.temporaryDirectory.appendingPathComponent(
        "authcache-\(UUID().uuidString).pgbench")
      try "SELECT pg_sleep(0.05);\n".write(to: script, atomically: true, encoding: .utf8)
      defer { try? FileManager.default.removeItem(at: script) }
      let rate = Locked<Double?>(nil)
      let thread = Thread { [url = server.url] in
        let measured = try? Pgbench.run(script.path, clients: 2, transactions: 20, url: url)
        rate.with { $0 = measured ?? 0 }
      }
      thread.start()
      var seen = 0
      while rate.with({ $0 }) == nil {
        for entry in ProcessList.all() where entry.words.contains(script.path) {
          #expect(entry.words.contains("pgbench"))
          #expect(!entry.words.contains(server.site.password))
          seen += 1
        }
        try await Task.sleep(for: .milliseconds(1))
      }
      #expect(seen > 0)
      // Two of them sleep a twentieth of a second at a time.
      #expect(rate.with { ($0 ?? 0) > 1 && ($0 ?? 0) <= 40 })
    }
  }
}
#endif
