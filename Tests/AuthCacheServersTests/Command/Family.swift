#if os(Linux)
import Foundation

/// A process and all that it has started, and they have started.
struct Family {
  struct Member: Hashable, CustomStringConvertible {
    let id: String
    /// Tells it from one that got the same number later.
    let start: Substring
    let words: String

    var description: String { "\(id) \(words.prefix(120))" }
    var isThere: Bool {
      guard let entry = Entry(id) else { return false }
      return entry.start == start && entry.state != "Z"
    }
  }

  private(set) var members: Set<Member> = []
  private(set) var folders: Set<String> = []
  private(set) var segments: Set<String> = []

  init(of id: Int32) throws {
    var children: [Substring: [Entry]] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: "/proc") where Int32(name) != nil {
      if let entry = Entry(name) { children[entry.parent, default: []].append(entry) }
    }
    var next = [Entry("\(id)")].compactMap(\.self)
    while let entry = next.popLast() {
      members.insert(Member(id: entry.id, start: entry.start, words: entry.words))
      next += children[entry.id[...]] ?? []
    }
    for member in members {
      folders.formUnion(member.words.matches(of: /\/tmp\/authcache-\w+/).map { String($0.0) })
    }
    segments = Set(folders.flatMap(Remains.segments))
  }

  /// How many of them are programs of this name.
  func count(of program: String) -> Int {
    members.count { ($0.words.split(separator: " ").first ?? "").hasSuffix("/" + program) }
  }

  /// What of it is still on the machine.
  var remains: [String] {
    let there = Set(folders.flatMap { (try? Remains.found(folder: $0, segments: Array(segments)).segments) ?? [] })
    return members.filter(\.isThere).map(\.description)
      + folders.filter { FileManager.default.fileExists(atPath: $0) } + there.map { "shared memory \($0)" }
  }

  /// A line of the system's list of processes (proc(5)).
  private struct Entry {
    let id: String
    let state: Substring
    let parent: Substring
    let start: Substring
    let words: String

    init?(_ id: String) {
      guard let bytes = FileManager.default.contents(atPath: "/proc/\(id)/stat") else { return nil }
      let text = String(decoding: bytes, as: UTF8.self)
      guard let name = text.lastIndex(of: ")") else { return nil }
      let fields = text[text.index(after: name)...].split(separator: " ")
      guard fields.count > 19 else { return nil }
      (self.id, state, parent, start) = (id, fields[0], fields[1], fields[19])
      let words = FileManager.default.contents(atPath: "/proc/\(id)/cmdline") ?? Data()
      self.words = String(decoding: words, as: UTF8.self).replacing("\0", with: " ")
    }
  }
}
#endif
