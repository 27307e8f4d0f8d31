import AuthCacheConformance
import Foundation

/// A built example that runs in a process of its own, obeys lines and answers each with one.
final class Child {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var received = Data()

  init(_ product: String, environment: [String: String]) throws {
    process.executableURL = URL(fileURLWithPath: ChildLauncher.product(product).executable)
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = input
    process.standardOutput = output
    try process.run()
  }

  struct Silent: Error, CustomStringConvertible {
    let description = "the child ended without an answer"
  }

  func ask(_ line: String) throws -> String {
    try input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
    while true {
      if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
        defer { received = Data(received[(end + 1)...]) }
        return String(decoding: received[..<end], as: UTF8.self)
      }
      let more = output.fileHandleForReading.availableData
      guard !more.isEmpty else { throw Silent() }
      received += more
    }
  }

  /// Closes its input, and returns its exit status.
  func end() throws -> Int32 {
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
    return process.terminationStatus
  }
}
