import AuthCacheConformance
import Foundation
import Testing

@Suite struct ExitStatusTests {
  @Test("a passing run ends with 0, says so in its last line and writes every report")
  func passes() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("authcache-report-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let ending = try Program.run("verify", "--suite", "records", "--seed", "7", "--report", folder.path)
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(ending.output.split(separator: "\n").last?.hasPrefix("PASSED") == true)
    #expect(ending.output.contains("seed 7"))
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(names == ["report.html", "report.json", "report.junit.xml", "report.md", "report.txt"])
    let report = try Report(json: Data(contentsOf: folder.appendingPathComponent("report.json")))
    #expect(report.complete)
    #expect(report.subjects.map(\.backend) == ["memory", "sqlite"])
    #expect(report.total("failed") == 0)
    let again = try Program.run("compare", folder.path + "/report.json", folder.path + "/report.json")
    #expect(again.status == 0)
  }

  @Test(
    "words that are off end with 2 and one sentence that names what is valid",
    arguments: [
      (["verify", "--backend", "postgre"], "memory"), (["verify", "--suite", "recrods"], "records"),
      (["verify", "--requirement", "code.consume.twice"], "code.consume.once"),
      (["verify", "--stack", "chached"], "“cached”? Valid: plain, all, or the layers cached and buffered"),
      (["verify", "--stack", "cached+bufered"], "no layer “bufered”. Did you mean “cached+buffered”?"),
      (["verify", "--stack", "cached-buffered"], "Did you mean “cached+buffered”?"),
      (["verify", "--stack", "cached+"], "no layer “”"), (["verify", "--stack", "cached+plain"], "no layer “plain”"),
      (["verify", "--format", "yaml"], "json"),
      (["verify", "--jobs", "0"], "at least 1"), (["verify", "--repeat", "0"], "at least 1"),
      (["verify", "--url", "redis://localhost"], "sqlite:"), (["verify", "--url", "sqlite:"], "sqlite:PATH"),
      (["verify", "--url", "/tmp/x.db"], "scheme"), (["schema", "--backend", "memory"], "sqlite"),
      (["schema", "--backend", "sqlite", "--table", "a;b"], "letter"), (["vrefiy"], "verify"),
      (["schema", "--backend", "sqlite", "--unlogged"], "sqlite has no schema with --unlogged"),
      (["schema", "--backend", "mysql", "--json-payload"], "mysql has no schema with --json-payload"),
      (["verify", "--backend", "memory,sqlit"], "sqlite"),
      (["verify", "--known-failures", "/nowhere.json"], "/nowhere.json"), (["contract", "--format", "pdf"], "html"),
    ])
  func usage(_ words: [String], _ mentioned: String) throws {
    let ending = try Program.run(words)
    #expect(ending.status == 2, "\(words): \(ending.errors)")
    #expect(ending.errors.contains(mentioned), "\(words): \(ending.errors)")
    #expect(ending.output.isEmpty)
  }

  #if os(Linux)
  @Test("what could not be written is no success: a full disk ends with 3, and is named")
  func fullDisk() throws {
    let process = Process()
    process.executableURL = try Program.executable()
    process.arguments = ["schema", "--backend", "sqlite"]
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: "/dev/full"))
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 3)
    #expect(said.contains("could not be written: no space left on device"), "\(said)")
  }
  #endif

  @Test("where no folder can be made for the checks, one sentence says where and what to do")
  func noFolder() throws {
    let ending = try Program.run(
      ["verify", "--backend", "memory", "--suite", "records"], environment: ["TMPDIR": "/dev/null"])
    #expect(ending.status == 3)
    let text = ending.output.replacing(/\s+/, with: " ")
    #expect(text.contains("no folder for the check can be made in /dev/null: see that"), "\(text)")
    #expect(!text.contains("Domain"))
  }

  @Test("any composition of layers is built, under the name that it was asked for")
  func stacks() throws {
    let named = ["cached+buffered", "buffered+buffered", "cached+cached+buffered+cached"]
    let ending = try Program.run(
      [
        "verify", "--backend", "memory", "--requirement", "session.alias.replaceDropsOld", "--format", "json",
        "--stack",
      ] + named)
    #expect(ending.status == 0, "\(ending.errors)")
    let report = try Report(json: Data(ending.output.utf8))
    #expect(report.subjects.map(\.stack) == named)
    #expect(report.total("passed") == named.count)
  }

  @Test("a known failure under a stack that can't be is refused")
  func knownFailureUnderNoStack() throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("known-\(UUID().uuidString).json")
    defer { try? FileManager.default.removeItem(at: file) }
    let entry = #"[{"id": "record.load.absent", "backend": "*", "stack": "cached-buffered", "reason": "none"}]"#
    try Data(entry.utf8).write(to: file)
    let ending = try Program.run("verify", "--suite", "records", "--known-failures", file.path)
    #expect(ending.status == 2)
    #expect(ending.errors.contains("cached+buffered"))
  }

  @Test(
    "options that name several things take them with commas, with spaces and repeated, and the help says so",
    arguments: [
      [
        "--backend", "memory,sqlite", "--stack", "plain,cached", "--requirement",
        "record.store.readable,record.load.absent",
      ],
      [
        "--backend", "memory", "sqlite", "--stack", "plain", "cached", "--requirement", "record.store.readable",
        "record.load.absent",
      ],
      [
        "--backend", "memory", "--backend", "sqlite", "--stack", "plain", "--stack", "cached", "--requirement",
        "record.store.readable", "--requirement", "record.load.absent",
      ],
    ])
  func several(_ words: [String]) throws {
    let ending = try Program.run(["verify", "--format", "json"] + words)
    #expect(ending.status == 0, "\(ending.errors)")
    let report = try Report(json: Data(ending.output.utf8))
    #expect(
      report.subjects.map { "\($0.backend) \($0.stack)" } == [
        "memory plain", "memory cached", "sqlite plain", "sqlite cached",
      ])
    for subject in report.subjects {
      #expect(Set(subject.results.map(\.id)) == ["record.store.readable", "record.load.absent"])
    }
    let suites = try Program.run("verify", "--backend", "memory", "--suite", "records,keys", "--format", "json")
    #expect(suites.status == 0, "\(suites.errors)")
    let suitesAsked = try Report(json: Data(suites.output.utf8)).subjects.flatMap(\.results).map(\.suite)
    #expect(Set(suitesAsked) == ["records", "keys"])
    #expect(try Program.run("verify", "--help").output.contains("commas"))
  }

  @Test("a store that can't be reached ends with 3 and says what to do")
  func blocked() throws {
    let unreachable = try Program.run("verify", "--url", "sqlite:/nowhere/at/all/auth.db", "--suite", "records")
    #expect(unreachable.status == 3)
    #expect((unreachable.output + unreachable.errors).contains("folder"))

    let file = FileManager.default.temporaryDirectory.appendingPathComponent("no-database-\(UUID().uuidString)")
    try Data(repeating: 0x41, count: 5_000).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let foreign = try Program.run("verify", "--url", "sqlite:\(file.path)", "--suite", "records")
    #expect(foreign.status == 3)
    #expect((foreign.output + foreign.errors).contains("not a SQLite database"))
  }

  @Test("verifying inside a file that is in use leaves nothing in it")
  func insideAFile() throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("in-use-\(UUID().uuidString).db")
    defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file.path + suffix) } }
    let ending = try Program.run("verify", "--url", "sqlite:\(file.path)", "--suite", "records")
    #expect(ending.status == 0, "\(ending.output)\(ending.errors)")
    let bytes = try Data(contentsOf: file)
    #expect(!bytes.isEmpty)
  }

  @Test("a known failure that does not fail is stale and ends with 1")
  func stale() throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("known-\(UUID().uuidString).json")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(#"[{"id": "record.load.absent", "backend": "*", "stack": "*", "reason": "none"}]"#.utf8).write(to: file)
    let ending = try Program.run("verify", "--suite", "records", "--known-failures", file.path)
    #expect(ending.status == 1)
    #expect(ending.output.contains("take the entry out"))
  }

  @Test("the contract is printed in every form, and the JSON names every requirement")
  func contract() throws {
    for format in ["markdown", "html", "json"] {
      let ending = try Program.run("contract", "--format", format)
      #expect(ending.status == 0)
      for requirement in Requirement.all { #expect(ending.output.contains(requirement.id)) }
    }
  }

  @Test("the schema is printed with the table's name, and doctor finds this machine healthy")
  func tools() throws {
    let schema = try Program.run("schema", "--backend", "sqlite", "--table", "logins")
    #expect(schema.status == 0)
    #expect(schema.output.contains("CREATE TABLE IF NOT EXISTS logins ("))
    #expect(try Program.run("doctor").status == 0)
    #expect(try Program.run("doctor", "--url", "sqlite:/nowhere/at/all/auth.db").status == 3)
  }
}
