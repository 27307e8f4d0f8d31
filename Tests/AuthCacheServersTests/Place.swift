import Foundation

/// A folder in which servers make theirs.
struct Place: Sendable {
  let path: String

  init() throws {
    path = "/tmp/authcache-place-\(UInt32.random(in: .min ... .max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  init(path: String) { self.path = path }

  /// The first folder that a server has made here, as soon as there is one.
  func firstFolder() async throws -> String {
    try await until { try !FileManager.default.contentsOfDirectory(atPath: path).isEmpty }
    return try path + "/" + FileManager.default.contentsOfDirectory(atPath: path)[0]
  }

  func remove() { try? FileManager.default.removeItem(atPath: path) }
}

/// Waits for what other processes do, without taking the processor from them. The test's time limit ends it.
func until(_ condition: () throws -> Bool) async throws {
  while try !condition() { try await Task.sleep(for: .milliseconds(2)) }
}
