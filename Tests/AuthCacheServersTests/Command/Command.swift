#if os(Linux)
import AuthCacheConformance
import Foundation
import Glibc
import Testing

/// The built `authcache`, running, with a folder of its own for temporary files.
struct Command {
  let child: ChildProcess
  private let place: Place

  init(_ words: [String]) throws {
    place = try Place()
    child = try ChildProcess(
      ChildLauncher(
        executable: "/usr/bin/env",
        arguments: ["TMPDIR=\(place.path)", ChildLauncher.product("authcache").executable] + words))
  }

  /// What it wrote to its standard output and how it ended. Afterwards its folder has to be as empty as it was.
  func end() async throws -> (exit: ChildExit, output: String) {
    var lines: [String] = []
    for await line in child.lines { lines.append(line) }
    let exit = await child.wait()
    return (exit, lines.joined(separator: "\n"))
  }

  func signal(_ number: Int32) { kill(child.id, number) }

  /// Its processes, as soon as they are such.
  func family(when condition: (Family) -> Bool) async throws -> Family {
    var family = try Family(of: child.id)
    try await until {
      family = try Family(of: child.id)
      // Whoever has ended before is not going to be as it should.
      return condition(family) || family.members.isEmpty
    }
    try #require(condition(family), "it ended before: \(child.diagnostics)")
    return family
  }

  /// What lies in its folder for temporary files.
  var litter: [String] { (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? [] }

  func tidy() { place.remove() }
}
#endif
