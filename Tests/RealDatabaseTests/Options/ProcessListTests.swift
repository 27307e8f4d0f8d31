#if os(Linux)
import AuthCacheBundled
import AuthCacheConformance
import AuthCacheServers
import Foundation
import Testing

/// The processes of this machine, as `ps` sees them.
enum ProcessList {
  struct Entry {
    let id: Int32
    let words: String

    /// The variables that it was started with.
    var environment: String {
      String(decoding: FileManager.default.contents(atPath: "/proc/\(id)/environ") ?? Data(), as: UTF8.self)
    }
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

    private static let ways = Database.servers.flatMap { database in [false, true].map { (database, $0) } }

    @Test(
      "the password of an address is in no list of processes once the program runs, and in nothing that it prints",
      arguments: ways)
    func verify(_ database: Database, isInEnvironment: Bool) async throws {
      let server = try await SharedServer.of(database)
      let raw = try RawSession(database, at: server.url)
      let user = "app\(UInt32.random(in: .min ... .max))"
      let password = "\(Refusal.password)-\(UInt32.random(in: .min ... .max))"
      if database == .postgres {
        try raw.run("CREATE USER \(user) PASSWORD '\(password)'")
        try raw.run("GRANT ALL ON SCHEMA public TO \(user)")
      } else {
        try raw.run("CREATE USER \(user) IDENTIFIED BY '\(password)'")
        try raw.run("GRANT ALL ON authcache.* TO \(user)")
      }
      let url = server.url(at: server.port, user: user, password: password)
      let encoded = try #require(url.firstMatch(of: /:([^:@\/]+)@/)?.1)
      func gives(_ text: String) -> Bool { text.contains(password) || text.contains(encoded) }

      let authcache = ChildLauncher.product("authcache").executable
      let variable = "AUTHCACHE_\(database.factory.uppercased())_URL=\(url)"
      let address = isInEnvironment ? ["--backend", database.factory] : ["--url", url]
      // With children, that have to know the address too.
      let checks = ["--requirement", "code.consume.onceAcrossProcesses", "--repeat", "3"]
      let child = try ChildProcess(
        ChildLauncher(
          executable: "/usr/bin/env",
          arguments: (isInEnvironment ? [variable] : []) + [authcache, "verify"] + address + checks))
      let output = Task {
        var text = ""
        for await line in child.lines { text += line + "\n" }
        return text
      }
      let exit = Task { await child.wait() }
      let isOver = Locked(false)
      Task {
        _ = await exit.value
        isOver.with { $0 = true }
      }
      // Its first words: it runs.
      try await until { !child.diagnostics.isEmpty || isOver.with { $0 } }
      var seen: (itself: Bool, child: Bool) = (false, false)
      while !isOver.with({ $0 }) {
        for entry in ProcessList.all() {
          #expect(!gives(entry.words))
          // A child that has not begun its own program yet is a copy of it.
          let isItself = entry.id == child.id || entry.words.hasPrefix("\(authcache) verify ")
          seen.itself = seen.itself || isItself && entry.words.contains("verify")
          seen.child = seen.child || entry.words.hasPrefix("\(authcache) child")
          // What it was started with itself stays there for whoever may read it.
          if !isItself || !isInEnvironment { #expect(!gives(entry.environment)) }
        }
        try await Task.sleep(for: .milliseconds(2))
      }
      #expect(seen.itself && seen.child)
      let text = await output.value + child.diagnostics
      #expect(await exit.value == .status(0), "\(text.replacing(password, with: "…"))")
      #expect(text.contains("PASSED"))
      #expect(!gives(text))
    }
  }
}
#endif
