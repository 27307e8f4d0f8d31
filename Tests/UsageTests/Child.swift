import AuthCacheConformance
import Dispatch
import Foundation

/// A built example that runs in a process of its own, obeys lines and answers each with one.
final class Child: Sendable {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()

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

  /// What it answers: whatever it writes up to the end of a line, of which there is one for each that it is told.
  func ask(_ line: String) async throws -> String {
    let (input, output) = (input.fileHandleForWriting, output.fileHandleForReading)
    return try await Self.aside {
      try input.write(contentsOf: Data((line + "\n").utf8))
      var received = Data()
      while received.last != UInt8(ascii: "\n") {
        let more = output.availableData
        guard !more.isEmpty else { throw Silent() }
        received += more
      }
      return String(decoding: received.dropLast(), as: UTF8.self)
    }
  }

  /// Closes its input, and returns its exit status.
  func end() async throws -> Int32 {
    try input.fileHandleForWriting.close()
    let process = process
    return try await Self.aside {
      process.waitUntilExit()
      return process.terminationStatus
    }
  }

  /// On a thread that may wait: those of the tests are few.
  private static func aside<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
    }
  }
}
