package import Foundation

/// Which keys somebody asked for, one after the other: what a cache's policy is judged on.
package struct AccessTrace: Sendable {
  package let name: String
  package let keys: [UInt64]

  package init(name: String, keys: [UInt64]) {
    self.name = name
    self.keys = keys
  }

  /// A recorded one: a file of decimal numbers, one a line.
  package init(contentsOf file: URL) throws {
    let lines = try Data(contentsOf: file).split(separator: UInt8(ascii: "\n"))
    let keys = try lines.map { line in
      guard let key = UInt64(String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespaces)) else {
        throw CocoaError(.fileReadCorruptFile, userInfo: [NSFilePathErrorKey: file.path])
      }
      return key
    }
    self.init(name: file.deletingPathExtension().lastPathComponent, keys: keys)
  }

  /// All files `*.txt` in a folder, by name.
  package static func all(in folder: URL) throws -> [AccessTrace] {
    try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "txt" }.sorted { $0.path < $1.path }.map { try AccessTrace(contentsOf: $0) }
  }
}
