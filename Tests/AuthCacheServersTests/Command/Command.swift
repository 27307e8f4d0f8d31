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
    let end = ContinuousClock.now + .seconds(60)
    // Whoever has ended before is not going to be as it should.
    while !condition(family), !family.members.isEmpty, ContinuousClock.now < end {
      try await Task.sleep(for: .milliseconds(2))
      family = try Family(of: child.id)
    }
    try #require(condition(family), "\(family.members.sorted { $0.id < $1.id })\n\(child.diagnostics)")
    return family
  }

  /// What lies in its folder for temporary files.
  var litter: [String] { (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? [] }

  func tidy() { place.remove() }
}
#endif
