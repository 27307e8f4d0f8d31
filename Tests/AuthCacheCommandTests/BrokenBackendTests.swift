import AuthCacheConformance
import Foundation
import Testing

/// The executable against backends that are broken on purpose.
@Suite struct BrokenBackendTests {
  @Test("a breach ends with 1 and teaches, and its replay command shows it again")
  func teaches() throws {
    let ending = try Program.run(
      "verify", "--backend", "mutant-consume-forgets-to-delete", "--requirement", "code.consume.secondFindsNothing")
    #expect(ending.status == 1, "\(ending.errors)")
    let text = ending.output.replacing(/\s+/, with: " ")
    let lesson = try #require(Contract.current.requirements.first { $0.id == "code.consume.secondFindsNothing" })
    for part in [
      lesson.id, lesson.statement, lesson.consequence, "What was done", "+0 ms", "consume(", "Expected", "Found",
      "Likely cause", "Seed", "Replay", "FAILED: 1 breach",
    ] {
      #expect(text.contains(part), "the failure lacks “\(part)”")
    }
    let replay = try #require(ending.output.firstMatch(of: /Replay\s+\S+ (verify .*)/)?.1)
    let again = try Program.run(replay.split(separator: " ").map(String.init))
    #expect(again.status == 1)
    // The instants are of today; everything else follows from the seed.
    func findings(_ output: String) -> String? {
      output.firstMatch(of: /(?s)What was done.*?Likely cause/).map {
        String($0.0).replacing(/\d{13} ms/, with: "an instant")
      }
    }
    #expect(findings(again.output) != nil)
    #expect(findings(again.output) == findings(ending.output))
  }

  @Test("a backend that hangs fails its check, and the run goes on to its end")
  func hangs() throws {
    let ending = try Program.run(
      "verify", "--backend", "mutant-close-waits-for-ever", "--requirement", "backend.close.operationsInFlight",
      "--requirement", "code.consume.once")
    #expect(ending.status == 1, "\(ending.errors)")
    #expect(ending.output.contains("1 breach"))
  }

  @Test("a backend that gives secrets away is caught, and the report does not repeat them")
  func secrets() throws {
    for mutant in ["mutant-error-shows-the-statement", "mutant-log-shows-the-digest"] {
      let ending = try Program.run("verify", "--backend", mutant, "--suite", "secrecy", "--seed", "5")
      #expect(ending.status == 1, "\(mutant): \(ending.errors)")
      #expect((ending.output + ending.errors).firstMatch(of: /[0-9a-fA-F]{32}/) == nil, "\(mutant)")
    }
  }

  @Test("a mutant that does not exist is a slip of the pen")
  func unknown() throws {
    let ending = try Program.run("verify", "--backend", "mutant-consume-forgets-to-delet")
    #expect(ending.status == 2)
    #expect(ending.errors.contains("mutant-consume-forgets-to-delete"))
  }
}
