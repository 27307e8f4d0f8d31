#if os(Linux)
import AuthCacheConformance
import AuthCacheServers
import Foundation
import Glibc
import Testing

extension RealServers {
  /// `authcache verify --ephemeral`, as it is typed.
  @Suite(
    .timeLimit(.minutes(3)),
    .enabled(if: RealServers.kinds.count == ServerKind.allCases.count, "both servers are needed"))
  struct EphemeralCommandTests {
    private static let servers = ["postgres", "mariadbd"]

    @Test(
      "verifies both databases, passes and leaves nothing",
      arguments: [["--backend", "postgres", "--backend", "mysql"], ["--backend", "postgres,mysql"]])
    func verifies(_ backends: [String]) async throws {
      let command = try Command(["verify", "--ephemeral"] + backends + ["--requirement", "record.store.readable"])
      let family = try await command.family { family in Self.servers.allSatisfy { family.count(of: $0) > 0 } }
      #expect(family.folders.count == 2)
      let (exit, output) = try await command.end()
      #expect(exit == .status(0), "\(output)\n\(command.child.diagnostics)")
      #expect(command.child.diagnostics.contains("Verifying mysql, postgres: 1 requirements"))
      for name in ["MariaDB", "PostgreSQL"] { #expect(output.contains(name), "\(output)") }
      #expect(output.split(separator: "\n").last?.hasPrefix("PASSED") == true)
      #expect(family.remains == [])
      #expect(command.litter == [])
      command.tidy()
    }

    /// Ended while servers run and while children play their parts in checks.
    private func running() async throws -> (Command, Family) {
      let command = try Command([
        "verify", "--ephemeral", "--backend", "postgres", "--backend", "mysql", "--requirement",
        "code.consume.onceAcrossProcesses", "--repeat", "1000000",
      ])
      let family = try await command.family { family in
        // Itself and at least one child.
        Self.servers.allSatisfy { family.count(of: $0) > 0 } && family.count(of: "authcache") > 1
      }
      return (command, family)
    }

    @Test(
      "ended by a signal, it says so in its status, and nothing is left when it has ended",
      arguments: [(SIGINT, Int32(130)), (SIGTERM, Int32(143))])
    func interrupted(_ signal: Int32, _ status: Int32) async throws {
      let (command, family) = try await running()
      command.signal(signal)
      let (exit, output) = try await command.end()
      #expect(exit == .status(status), "\(output)\n\(command.child.diagnostics)")
      #expect(family.remains == [])
      #expect(command.litter == [])
      command.tidy()
    }

    @Test("killed, it takes its servers and folders with it within seconds")
    func killed() async throws {
      let (command, family) = try await running()
      command.signal(SIGKILL)
      let begin = ContinuousClock.now
      #expect(try await command.end().exit == .signal(SIGKILL))
      try await until { family.remains.isEmpty && command.litter.isEmpty }
      #expect(ContinuousClock.now - begin < .seconds(20))
      command.tidy()
    }

    @Test("ended while its servers are being made, it leaves nothing either", arguments: [SIGINT, SIGKILL])
    func early(_ signal: Int32) async throws {
      let command = try Command(["verify", "--ephemeral", "--backend", "postgres", "--backend", "mysql"])
      let family = try await command.family { !$0.folders.isEmpty }
      command.signal(signal)
      let exit = try await command.end().exit
      #expect(exit == (signal == SIGKILL ? .signal(SIGKILL) : .status(130)))
      if signal == SIGINT { #expect(family.remains == []) }
      try await until { family.remains.isEmpty && command.litter.isEmpty }
      command.tidy()
    }
  }
}
#endif
