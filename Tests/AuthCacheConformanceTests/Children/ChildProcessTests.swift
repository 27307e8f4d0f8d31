import AuthCacheConformance
import Foundation
import Testing

@Suite struct ChildProcessTests {
  private func shell(_ script: String) throws -> ChildProcess {
    try ChildProcess(ChildLauncher(executable: "/bin/sh", arguments: ["-c", script]))
  }

  private func lines(of process: ChildProcess) async -> [String] {
    var lines: [String] = []
    for await line in process.lines { lines.append(line) }
    return lines
  }

  @Test func whatAChildWritesArrivesInWholeLines() async throws {
    let process = try shell("echo one; echo two; printf 'no end of line'")
    #expect(await lines(of: process) == ["one", "two"])
    #expect(await process.wait() == .status(0))
  }

  @Test func manyLinesArriveInOrderAndNoneIsLost() async throws {
    let process = try shell("i=0; while [ $i -lt 5000 ]; do echo $i; i=$((i+1)); done")
    #expect(await lines(of: process) == (0..<5000).map { "\($0)" })
  }

  @Test func theExitStatusIsReported() async throws {
    let process = try shell("exit 7")
    #expect(await process.wait() == .status(7))
    #expect(await process.wait() == .status(7), "and again to whoever asks later")
  }

  @Test func aCrashedChildIsReportedWithItsSignal() async throws {
    let exit = await (try shell("kill -SEGV $$")).wait()
    #expect(exit == .signal(11))
    #expect("\(exit)" == "was ended by SIGSEGV, a crash")
  }

  @Test func theEndOfTheErrorOutputIsKept() async throws {
    let process = try shell("i=0; while [ $i -lt 2000 ]; do echo error $i >&2; i=$((i+1)); done")
    _ = await process.wait()
    #expect(process.diagnostics.hasSuffix("error 1999\n"))
    #expect(process.diagnostics.utf8.count == 4_096)
  }

  @Test func linesReachTheChildAndTheEndOfItsInputIsItsEnd() async throws {
    let process = try shell("while read line; do echo \"got $line\"; done; echo bye")
    process.send("a")
    process.send("b")
    process.closeInput()
    process.send("into the void")
    #expect(await lines(of: process) == ["got a", "got b", "bye"])
  }

  @Test func aKilledChildEndsAtOnceAndMayBeKilledAgain() async throws {
    let process = try shell("echo up; read line")
    var lines = process.lines.makeAsyncIterator()
    #expect(await lines.next() == "up")
    process.kill()
    #expect(await process.wait() == .signal(9))
    process.kill()
    process.send("nobody is there")
  }

  @Test func aChildThatNobodyHoldsAnyMoreEnds() async throws {
    let id = try shell("read line").id
    // Gone for the kernel as soon as its end is collected, which a thread does without being asked.
    while kill(id, 0) == 0 { await Task.yield() }
  }

  @Test func whatCanNotBeStartedIsBlockedAndSaysWhy() {
    #expect(throws: Blocked.self) { try ChildProcess(ChildLauncher(executable: "/no/such/program")) }
  }

  #if os(Linux)
  @Test func noDescriptorIsLeftBehind() async throws {
    // Other tests open connections and start children meanwhile. A leak of one for each child shows in every round; what
    // others do does not go up by as much every time.
    func descriptors() throws -> Int {
      try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count { number in
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(number)"))?.hasPrefix("socket:")
          == true
      }
    }
    for _ in 0..<8 {
      let before = try descriptors()
      for _ in 0..<50 { _ = await (try shell("exit 0")).wait() }
      if try descriptors() < before + 40 { return }
    }
    Issue.record("fifty children leave forty descriptors or more, every time")
  }

  @Test func aChildInheritsNothingOfItsSiblings() async throws {
    let first = try shell("read line")
    let second = try shell("ls -l /proc/self/fd | grep -c socket:")
    let third = try shell("ls -l /proc/self/fd | grep -c socket:")
    // A child's streams are sockets; whatever this process was started with itself goes on to every child alike.
    #expect(await lines(of: second) == lines(of: third))
    first.kill()
  }
  #endif
}
