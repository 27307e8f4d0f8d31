internal import AuthCacheConformance
internal import AuthCachePostgres
internal import Foundation

/// PostgreSQL's own load generator (https://www.postgresql.org/docs/15/pgbench.html).
package enum Pgbench {
  private static let places =
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    + (17...40).reversed().map { "/usr/lib/postgresql/\($0 - 4)/bin" }

  /// Nil if it is on this machine, else what to do.
  package static var whatIsMissing: String? {
    place == nil ? "pgbench is not installed: apt-get install postgresql" : nil
  }

  private static var place: String? {
    places.first { FileManager.default.isExecutableFile(atPath: "\($0)/pgbench") }
  }

  /// Runs a script of its own against the database of an address.
  ///
  /// What it connects with goes by the environment (https://www.postgresql.org/docs/15/libpq-envars.html), which shows
  /// in no list of processes.
  ///
  /// - Returns: how many transactions it made in a second.
  package static func run(_ script: String, clients: Int, transactions: Int, url: String) throws -> Double {
    guard let place else { throw Blocked(whatIsMissing ?? "") }
    // So many transactions, and not so many seconds: a child of this thread would not hear the alarm.
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "\(place)/pgbench")
    process.arguments = [
      "-n", "-M", "prepared", "-f", script, "-c", "\(clients)", "-j", "\(min(clients, 2))", "-t", "\(transactions)",
    ]
    process.environment = ProcessInfo.processInfo.environment.merging(try variables(url)) { $1 }
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("tps = ") }),
      let rate = Double(line.dropFirst("tps = ".count).prefix { $0 != " " })
    else { throw Blocked("pgbench did not say how fast it was") }
    return rate
  }

  private static func variables(_ url: String) throws -> [String: String] {
    let address = try PostgresBackend.Address(url: url)
    let all: [String: String?] = [
      "PGHOST": address.host, "PGPORT": address.port.map(String.init), "PGUSER": address.user,
      "PGPASSWORD": address.password, "PGDATABASE": address.database, "PGSSLMODE": address.tls.rawValue,
      "PGSSLROOTCERT": address.rootCertificates, "PGSSLCERT": address.certificate, "PGSSLKEY": address.certificateKey,
    ]
    return all.compactMapValues(\.self)
  }
}
