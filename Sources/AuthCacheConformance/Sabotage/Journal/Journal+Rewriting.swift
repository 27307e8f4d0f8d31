internal import AuthCache
internal import Foundation

extension Journal {
  /// Drops the lines that `keep` refuses, as a log that was never written to does.
  static func rewrite(_ environment: BackendEnvironment, keeping keep: (inout JournalEntry) -> Bool) throws {
    let file = URL(fileURLWithPath: path(environment))
    let newline = UInt8(ascii: "\n")
    var kept: [UInt8] = []
    for line in try Data(contentsOf: file).split(separator: newline) {
      guard var entry = JournalEntry(line: line), keep(&entry) else { continue }
      kept += entry.line + [newline]
    }
    try Data(kept).write(to: file)
  }
}
