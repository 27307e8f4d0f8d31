internal import Foundation

extension ChildTask {
  /// The task on one line.
  package func line() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  /// Reads what `line()` wrote.
  init(line: String) throws { self = try JSONDecoder().decode(ChildTask.self, from: Data(line.utf8)) }
}
