import AuthCacheServers
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

  /// Where a server must not be missing, only who lacks the privilege (`CAP_SYS_ADMIN`) is excused.
  static var isRequired: Bool {
    guard ServerKind.isRequired, let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("CapEff:") }),
      let capabilities = line.split(separator: "\t").last.flatMap({ UInt64($0, radix: 16) })
    else { return false }
    return capabilities >> 21 & 1 == 1
  }

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

  /// Takes all that is free, but for as many bytes.
  func fill(leaving rest: UInt64 = 0) throws {
    _ = FileManager.default.createFile(atPath: filler, contents: nil)
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: filler))
    defer { try? file.close() }
    for size in [1 << 20, 1 << 12] {
      while (try? file.write(contentsOf: Data(repeating: 0x41, count: size))) != nil {}
    }
    let size = try file.seekToEnd()
    try file.truncate(atOffset: size - min(rest, size))
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
