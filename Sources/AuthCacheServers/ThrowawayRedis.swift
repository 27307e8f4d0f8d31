internal import AuthCacheConformance
internal import Foundation

/// A Redis that keeps nothing on disk, to measure beside the databases: on a unix socket, in a temporary folder, and
/// gone when this process is, however it ends.
package final class ThrowawayRedis: Sendable {
  private let guardian: Guardian
  /// `7.0.15`, as the server names itself.
  package let version: String
  private let benchmark: String

  package var folder: String { guardian.folder }
  package var socket: String { guardian.folder + "/socket" }

  /// Nil if its programs are on this machine, else what to do.
  package static var whatIsMissing: String? {
    Programs.find("redis-server") == nil || Programs.find("redis-benchmark") == nil
      ? "Redis is not installed: apt-get install redis-server redis-tools" : nil
  }

  /// Starts one and waits until it answers.
  ///
  /// - Throws: ``ServerFault`` if its programs are not here or it does not start.
  package init(in place: String = "/tmp") async throws {
    guard let server = Programs.find("redis-server"), let benchmark = Programs.find("redis-benchmark") else {
      throw ServerFault(Self.whatIsMissing ?? "")
    }
    self.benchmark = benchmark
    let said = try await Self.output(server, ["--version"])?.first?.split(separator: " ")
    version = said?.first { $0.hasPrefix("v=") }.map { String($0.dropFirst(2)) } ?? "?"
    guardian = try await Guardian(in: place, stopSignal: "TERM")
    do {
      let words = [
        server, "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", folder,
      ]
      let script = "exec \(words.map(\.quoted).joined(separator: " "))\n"
      try script.write(toFile: folder + "/start", atomically: true, encoding: .utf8)
      try await guardian.order(.start)
      while !FileManager.default.fileExists(atPath: socket) {
        guard try await guardian.order(.isAlive) == "yes" else { throw ServerFault("Redis does not start") }
        try await Task.sleep(for: .milliseconds(10))
      }
    } catch {
      await guardian.end()
      throw error
    }
  }

  /// What redis-benchmark measures with these words, as CSV
  /// (https://redis.io/docs/latest/operate/oss_and_stack/management/optimization/benchmarks/): the name and how many
  /// requests a second were answered.
  package func measure(_ words: [String]) async throws -> [(name: String, rate: Double)] {
    let lines = try await Self.output(benchmark, ["-s", socket, "--csv"] + words) ?? []
    return lines.compactMap { line in
      let fields = line.split(separator: ",").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: "\"")) }
      guard fields.count > 1, let rate = Double(fields[1]), rate > 0 else { return nil }
      return (fields[0], rate)
    }
  }

  package func end() async { await guardian.end() }

  /// - Returns: the lines that the program wrote; nil if it failed.
  private static func output(_ program: String, _ words: [String]) async throws -> [String]? {
    let child = try ChildProcess(ChildLauncher(executable: program, arguments: words))
    child.closeInput()
    var lines: [String] = []
    for await line in child.lines { lines.append(line) }
    return await child.wait() == .status(0) ? lines : nil
  }
}
