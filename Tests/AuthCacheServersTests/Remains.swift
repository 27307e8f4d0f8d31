import Foundation

/// What a server leaves on the machine, looked for where the system lists it.
enum Remains {
  struct Found: Equatable, CustomStringConvertible {
    var processes: [String] = []
    var segments: [String] = []
    var folder = false

    var isNothing: Bool { self == Found() }
    var description: String { "processes \(processes), shared memory \(segments), folder \(folder)" }
  }

  /// The processes whose words name `folder`.
  static func processes(of folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { id in
      guard Int32(id) != nil else { return false }
      let words = FileManager.default.contents(atPath: "/proc/\(id)/cmdline") ?? Data()
      return String(decoding: words, as: UTF8.self).contains(folder)
    }
  }

  /// The letter of the process's state in the system's list.
  static func state(of id: String) -> Character? {
    guard let text = FileManager.default.contents(atPath: "/proc/\(id)/stat") else { return nil }
    let line = String(decoding: text, as: UTF8.self)
    return line.lastIndex(of: ")").flatMap { line[line.index($0, offsetBy: 2)...].first }
  }

  /// The System V shared memory that the server in `folder` says it has.
  static func segments(of folder: String) -> [String] {
    let file = (try? String(contentsOfFile: folder + "/data/postmaster.pid", encoding: .utf8)) ?? ""
    let lines = file.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count > 6, let id = lines[6].split(separator: " ").last else { return [] }
    return [String(id)].filter(existing.contains)
  }

  private static var existing: [String] {
    let table = (try? String(contentsOfFile: "/proc/sysvipc/shm", encoding: .utf8)) ?? ""
    return table.split(separator: "\n").dropFirst().compactMap { line in
      line.split(separator: " ").dropFirst().first.map(String.init)
    }
  }

  static func found(folder: String, segments: [String]) throws -> Found {
    Found(
      processes: try processes(of: folder), segments: segments.filter(existing.contains),
      folder: FileManager.default.fileExists(atPath: folder))
  }
}
