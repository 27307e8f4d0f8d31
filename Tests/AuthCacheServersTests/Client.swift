import AuthCacheConformance
import AuthCacheServers
import Testing

/// A database's own client program, as a child.
enum Client {
  struct Answer: Equatable {
    let exit: ChildExit
    let text: String
    let complaint: String
  }

  /// Runs one statement and waits for what comes of it.
  static func ask(_ server: ThrowawayServer, at url: String? = nil, _ statement: String) async throws -> String {
    let answer = await answer(of: try begin(server, at: url ?? server.url, statement))
    try #require(answer.exit == .status(0), "\(answer)")
    return answer.text
  }

  static func answer(of child: ChildProcess) async -> Answer {
    var lines: [String] = []
    for await line in child.lines { lines.append(line) }
    return Answer(exit: await child.wait(), text: lines.joined(separator: "\n"), complaint: child.diagnostics)
  }

  /// Starts the client; it ends when the statement is answered.
  static func begin(
    _ server: ThrowawayServer, at url: String, _ statement: String, _ words: [String] = []
  ) throws -> ChildProcess {
    let script =
      switch server.kind {
      case .postgres: "url=$1; shift 3; exec psql \"$url\" --no-psqlrc -X -At -v ON_ERROR_STOP=1 -c \"$@\""
      case .mariadb: "MYSQL_PWD=$2; export MYSQL_PWD; shift 3; exec mariadb --no-defaults -u authcache -BN -e \"$@\""
      }
    let place =
      switch server.kind {
      case .postgres: [String]()
      case .mariadb: mariaDBWords(url)
      }
    return try ChildProcess(
      ChildLauncher(
        executable: "/bin/sh",
        arguments: ["-c", script, "sh", url, server.site.password, "-", statement] + place + words))
  }

  private static func mariaDBWords(_ url: String) -> [String] {
    if let socket = url.firstMatch(of: /socket=([^&]*)/)?.1 { return ["-S", String(socket), "authcache"] }
    let port = url.firstMatch(of: /127\.0\.0\.1:(\d+)/)?.1 ?? "0"
    // By this name, because the client compares names only with what a certificate says.
    return ["-h", "localhost", "--protocol=tcp", "-P", String(port), "authcache"]
  }
}
