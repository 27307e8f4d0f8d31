internal import AuthCacheConformance
internal import Foundation

/// What Redis reaches on this machine with the same operations, by its own load generator
/// (https://redis.io/docs/latest/operate/oss_and_stack/management/optimization/benchmarks/).
enum RedisFigures {
  private static let places = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"]

  /// Starts a Redis that keeps nothing on disk, on a unix socket; nil if it is not installed or does not start.
  static func measure(isQuick: Bool) -> BenchReport.Beside? {
    guard let server = program("redis-server"), let benchmark = program("redis-benchmark") else { return nil }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "authcache-redis-\(ProcessInfo.processInfo.processIdentifier)")
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let socket = folder.path + "/socket"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: server)
    process.arguments = [
      "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", folder.path,
    ]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    // It holds nothing, and has to go at once also where it does not hear a milder word.
    defer {
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
    let count = isQuick ? 20_000 : 200_000
    var figures: [BenchReport.Beside.Figure] = []
    for clients in [1, 64] {
      let common = [
        "-s", socket, "-c", "\(clients)", "-n", "\(clients == 1 ? count / 4 : count)", "-d", "300", "-r", "100000",
        "--csv",
      ]
      guard let text = output(benchmark, common + ["-t", "set,get"]) else { return nil }
      for line in text.split(separator: "\n") {
        let fields = line.split(separator: ",").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: "\"")) }
        guard fields.count > 1, let rate = Double(fields[1]), rate > 0 else { continue }
        let clients = clients == 1 ? "1 client" : "\(clients) clients"
        figures.append(.init("\(fields[0]), \(clients)", time: 1_000_000_000 / rate))
      }
    }
    guard !figures.isEmpty else { return nil }
    let version = output(server, ["--version"])?.split(separator: " ").first { $0.hasPrefix("v=") }?.dropFirst(2)
    return BenchReport.Beside(
      name: "Redis \(version ?? "?"), redis-benchmark over a unix socket, nothing durable", figures: figures)
  }

  private static func program(_ name: String) -> String? {
    places.map { "\($0)/\(name)" }.first(where: FileManager.default.isExecutableFile(atPath:))
  }

  private static func output(_ program: String, _ arguments: [String]) -> String? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    // The server may need a moment to listen.
    for _ in 0..<50 {
      if arguments.first != "-s" || FileManager.default.fileExists(atPath: arguments[1]) { break }
      usleep(20_000)
    }
    guard (try? process.run()) != nil else { return nil }
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
  }
}
