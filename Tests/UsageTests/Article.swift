import Foundation
import Testing

/// Every line of code in the guide `name` stands in the file that calls this or in `example`, a file of the package, in
/// blocks of consecutive lines.
func expectQuoted(
  _ name: String, and example: String? = nil, in file: String = #filePath,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let root = URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let guide = root.appendingPathComponent("Sources/AuthCache/AuthCache.docc/\(name).md")
  var source = lines(try String(contentsOfFile: file, encoding: .utf8))
  if let example { source += lines(try String(contentsOf: root.appendingPathComponent(example), encoding: .utf8)) }
  let blocks = try String(contentsOf: guide, encoding: .utf8).components(separatedBy: "```swift\n").dropFirst()
    .compactMap { $0.components(separatedBy: "```").first }
  #expect(!blocks.isEmpty, "\(name) has no code", sourceLocation: sourceLocation)
  for block in blocks {
    #expect(
      source.ranges(of: lines(block)).count > 0, "not compiled as it is shown:\n\(block)",
      sourceLocation: sourceLocation)
  }
}

/// The lines without what a test adds: indentation and empty lines.
private func lines(_ text: String) -> [String] {
  text.components(separatedBy: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
}

/// Calls `body` with the path of a file that is not there yet and goes afterwards.
func withTemporaryFile(_ body: (String) async throws -> Void) async throws {
  let file = FileManager.default.temporaryDirectory.appendingPathComponent("authcache-\(UUID().uuidString).sqlite")
  defer {
    for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file.path + suffix) }
  }
  try await body(file.path)
}
