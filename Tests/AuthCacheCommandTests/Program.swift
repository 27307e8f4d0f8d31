import Foundation
import Testing

/// The built executable, run as a user runs it.
struct Program {
  struct Ending {
    let status: Int32
    let output: String
    let errors: String
  }

  static func run(_ words: String...) throws -> Ending { try run(words) }

  static func run(_ words: [String], environment: [String: String] = [:]) throws -> Ending {
    let process = Process()
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.executableURL = try executable()
    process.arguments = words
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("authcache-output-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // Files, because a pipe that nobody reads fills up.
    let (output, errors) = (folder.appendingPathComponent("out"), folder.appendingPathComponent("err"))
    for file in [output, errors] { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return Ending(
      status: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
      errors: try String(contentsOf: errors, encoding: .utf8))
  }

  static func executable() throws -> URL {
    var folder = try #require(Bundle.main.executableURL).deletingLastPathComponent()
    for bundle in Bundle.allBundles where bundle.bundleURL.pathExtension == "xctest" {
      folder = bundle.bundleURL.deletingLastPathComponent()
    }
    for _ in 0..<4 {
      let candidate = folder.appendingPathComponent("authcache")
      if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
      folder.deleteLastPathComponent()
    }
    throw Missing()
  }

  struct Missing: Error, CustomStringConvertible {
    let description = "the product authcache is not beside the tests"
  }
}
