import Foundation
import Testing

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#endif

@Suite struct InterruptionTests {
  @Test(
    "Ctrl-C ends with 130 and SIGTERM with 143, leaves no folder behind and writes the incomplete report",
    arguments: [(SIGINT, Int32(130)), (SIGTERM, Int32(143))])
  func interrupted(_ signal: Int32, _ status: Int32) throws {
    let place = FileManager.default.temporaryDirectory.appendingPathComponent("authcache-ctrl-c-\(UUID().uuidString)")
    let temporary = place.appendingPathComponent("tmp")
    try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: place) }
    let process = Process()
    process.executableURL = try Program.executable()
    process.arguments = [
      "verify", "--backend", "sqlite", "--suite", "records", "--repeat", "100000", "--report", place.path + "/report",
    ]
    process.environment = ProcessInfo.processInfo.environment.merging(["TMPDIR": temporary.path]) { $1 }
    process.standardOutput = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    // The first words come after the handler is in place or right before it; a check's folder comes after it.
    _ = errors.fileHandleForReading.availableData
    while process.isRunning, try FileManager.default.contentsOfDirectory(atPath: temporary.path).isEmpty {
      sched_yield()
    }
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit)
    #expect(process.terminationStatus == status)
    #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path).isEmpty)
    let report = try String(contentsOfFile: place.path + "/report/report.json", encoding: .utf8)
    #expect(report.contains("\"complete\": false"))
  }

  @Test("a reader that goes away ends nothing noisily")
  func closedPipe() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "{ \"$0\" contract; echo status $? >&2; } | head -n 1", try Program.executable().path]
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let lines = output.fileHandleForReading.readDataToEndOfFile()
    let said = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(String(decoding: lines, as: UTF8.self).hasPrefix("# The contract"))
    #expect(String(decoding: said, as: UTF8.self) == "status 0\n")
  }
}
