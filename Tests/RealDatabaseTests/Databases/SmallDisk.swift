import Foundation

#if canImport(Glibc)
import Glibc
#endif

/// A file system of its own in memory, small enough to be filled.
struct SmallDisk {
  let path: String
  private var filler: String { path + "/filler" }

  /// Whether this process may mount one.
  static let isAvailable: Bool = {
    guard let disk = try? SmallDisk(megabytes: 1) else { return false }
    disk.unmount()
    return true
  }()

  init(megabytes: Int) throws {
    // Short, because paths of sockets are limited to 107 bytes.
    path = "/tmp/authcache-disk-\(UInt32.random(in: .min ... .max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    do {
      try Self.run("mount", "-t", "tmpfs", "-o", "size=\(megabytes)m,mode=1777", "tmpfs", path)
    } catch {
      try? FileManager.default.removeItem(atPath: path)
      throw error
    }
  }

  /// Takes all that is free.
  func fill() throws {
    _ = FileManager.default.createFile(atPath: filler, contents: nil)
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: filler))
    for size in [1 << 20, 1 << 12] {
      while (try? file.write(contentsOf: Data(repeating: 0x41, count: size))) != nil {}
    }
    try? file.close()
  }

  func makeRoom() { try? FileManager.default.removeItem(atPath: filler) }

  func unmount() {
    // Lazily: a server that is still ending may have files open.
    try? Self.run("umount", "-l", path)
    try? FileManager.default.removeItem(atPath: path)
  }

  private static func run(_ words: String...) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.fileWriteNoPermission) }
  }
}
