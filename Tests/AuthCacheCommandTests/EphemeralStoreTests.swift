import AuthCache
import AuthCacheConformance
import Foundation
import Synchronization
import Testing

@testable import AuthCacheCommand

#if os(Linux)
import Glibc

/// The command with a backend whose store is a word on the standard output.
@Suite struct EphemeralStoreTests {
  enum Toy {
    static let address = "toy://me:hidden@here"

    static func factory(
      _ name: String = "toy", start: @escaping @Sendable () async throws -> Void = {},
      open: @escaping @Sendable () async -> Void = {}
    ) -> BackendFactory {
      BackendFactory(
        name, embedded: false, schemes: [name],
        ephemeral: {
          say("\(name) starts")
          try await start()
          return EphemeralStore(url: address) { say("\(name) ends") }
        }
      ) { environment in
        guard let url = environment.url else { throw Blocked("no address") }
        say("\(name) opens \(url == address ? "what was started" : url)")
        await open()
        return MemoryBackend(clock: environment.clock)
      }
    }

    private static let hasRung = Atomic(false)

    /// Ctrl-C, once.
    static func ring() {
      if !hasRung.exchange(true, ordering: .relaxed) { kill(getpid(), SIGINT) }
    }

    static func say(_ line: String) { Output.standard.write("• \(line)\n") }

    /// Runs the command and ends the process with its status.
    static func run(_ backends: BackendRegistry, _ words: [String], _ variables: [String: String] = [:]) async -> Never
    {
      exit(await Invocation(program: "toybox", environment: variables, backends: backends).run(words))
    }

    static let words = ["verify", "--suite", "records", "--jobs", "1"]
  }

  /// What the backend said, repetitions left out, and everything else that was written.
  private func ending(_ result: ExitTest.Result?) throws -> (said: [String], text: String) {
    let result = try #require(result)
    let text = String(decoding: result.standardOutputContent, as: UTF8.self)
    var said: [String] = []
    for line in text.split(separator: "\n") where line.hasPrefix("• ") && said.last != String(line) {
      said.append(String(line))
    }
    return (said, text + String(decoding: result.standardErrorContent, as: UTF8.self))
  }

  @Test("one store is started for all stacks of a backend, used by every check and ended after the last")
  func started() async throws {
    let result = await #expect(
      processExitsWith: .exitCode(0), observing: [\.standardOutputContent, \.standardErrorContent]
    ) {
      await Toy.run([Toy.factory()], Toy.words + ["--ephemeral", "--backend", "toy", "--stack", "all"])
    }
    let (said, text) = try ending(result)
    #expect(said == ["• toy starts", "• toy opens what was started", "• toy ends"])
    #expect(text.contains("Starting a store for toy"))
    #expect(text.contains("PASSED"))
    #expect(!text.contains("hidden"))
  }

  @Test("where nothing is named it is started beside the backends that need none, and not without being asked to")
  func chosen() async throws {
    let all = await #expect(
      processExitsWith: .exitCode(0), observing: [\.standardOutputContent, \.standardErrorContent]
    ) {
      await Toy.run([.memory, Toy.factory()], Toy.words + ["--ephemeral"])
    }
    #expect(try ending(all).text.contains("Verifying memory, toy:"))
    let without = await #expect(
      processExitsWith: .exitCode(0), observing: [\.standardOutputContent, \.standardErrorContent]
    ) {
      await Toy.run([.memory, Toy.factory()], Toy.words)
    }
    #expect(try ending(without).said.isEmpty)
  }

  @Test("no store is started for a backend that has an address, on the command line or in the environment")
  func addressed() async throws {
    let given = await #expect(
      processExitsWith: .exitCode(0), observing: [\.standardOutputContent, \.standardErrorContent]
    ) {
      await Toy.run(
        [Toy.factory(), Toy.factory("other")],
        Toy.words + ["--ephemeral", "--backend", "toy", "other", "--url", "toy:x"], ["AUTHCACHE_TOY_URL": "toy:y"])
    }
    let said = try ending(given).said
    #expect(said.contains("• toy opens toy:x") && !said.contains("• toy starts"))
    #expect(said.contains("• other starts") && said.last == "• other ends")
    let all = await #expect(
      processExitsWith: .exitCode(2), observing: [\.standardOutputContent, \.standardErrorContent]
    ) {
      await Toy.run([Toy.factory()], Toy.words + ["--ephemeral"], ["AUTHCACHE_TOY_URL": "toy:y"])
    }
    #expect(try ending(all).text.contains("toy"))
  }

  @Test("a store that does not start blocks its backend with the sentence that says what to install, and no other")
  func blocked() async throws {
    let result = await #expect(
      processExitsWith: .exitCode(3), observing: [\.standardOutputContent, \.standardErrorContent]
    ) {
      let broken = Toy.factory("broken") { throw Blocked("it is not installed: apt-get install it") }
      await Toy.run([broken, Toy.factory()], Toy.words + ["--ephemeral"])
    }
    let (said, text) = try ending(result)
    #expect(text.contains("apt-get install it"))
    #expect(said.contains("• broken starts") && !said.contains("• broken ends"))
    #expect(said.filter { $0.contains("toy") } == ["• toy starts", "• toy opens what was started", "• toy ends"])
  }

  @Test("a failure's replay command starts a store again and names no address")
  func replay() async throws {
    let result = await #expect(
      processExitsWith: .exitCode(1), observing: [\.standardOutputContent, \.standardErrorContent]
    ) {
      let forgetful = BackendFactory(
        "forgetful", expecting: [.invalidation], embedded: false, schemes: ["toy"],
        ephemeral: { EphemeralStore(url: Toy.address) {} }
      ) { ReferenceBackend(clock: $0.clock) }
      await Toy.run([forgetful], ["verify", "--ephemeral", "--requirement", "lifecycle.declaration.pins"])
    }
    let text = try ending(result).text
    #expect(text.contains("toybox verify --backend forgetful --ephemeral --requirement"))
    #expect(!text.contains("toy://"))
  }

  @Test("Ctrl-C ends what was started, during the checks and during the start", arguments: [false, true])
  func interrupted(early: Bool) async throws {
    let result = await #expect(
      processExitsWith: .exitCode(130), observing: [\.standardOutputContent, \.standardErrorContent]
    ) { [early = early as Bool] in
      let toy = Toy.factory(
        start: {
          guard early else { return }
          Toy.ring()
          try await Task.sleep(for: .seconds(600))
        },
        open: {
          if !early { Toy.ring() }
        })
      await Toy.run([toy], Toy.words + ["--ephemeral", "--repeat", "1000000"])
    }
    let said = try ending(result).said
    #expect(said == ["• toy starts"] + (early ? [] : ["• toy opens what was started", "• toy ends"]))
  }

  @Test("the help teaches it, and a program without such a backend says that it has none")
  func taught() async throws {
    let help = try Program.run("verify", "--help")
    #expect(help.output.contains("--ephemeral"))
    let none = await #expect(
      processExitsWith: .exitCode(2), observing: [\.standardOutputContent, \.standardErrorContent]
    ) {
      await Toy.run([.memory], Toy.words + ["--ephemeral"])
    }
    #expect(try ending(none).text.contains("no backend can have a store started"))
  }
}
#endif
