internal import Foundation

/// PostgreSQL from the distribution's binaries.
struct PostgresRecipe: ServerRecipe {
  static let accounts = ["postgres", "nobody"]
  let stopSignal = "INT"

  private let binaries: String

  init() throws(ServerFault) {
    let versions = Programs.subfolders(of: "/usr/lib/postgresql")
      .sorted { $0.compare($1, options: .numeric) == .orderedDescending }
    let folders = versions.map { "/usr/lib/postgresql/\($0)/bin" } + Programs.folders
    guard let found = folders.first(where: { Programs.exists($0 + "/initdb") && Programs.exists($0 + "/postgres") })
    else { throw ServerFault("PostgreSQL is not installed: run ci/setup, or apt-get install postgresql") }
    binaries = found
  }

  func preparation(_ site: ServerSite) -> String {
    """
    printf %s \(site.password.quoted) | as sh -c 'umask 077; cat >secret'
    as \((binaries + "/initdb").quoted) -D \(site.data.quoted) -U \(site.user) --auth=scram-sha-256 \
    --pwfile=\((site.folder + "/secret").quoted) --encoding=UTF8 --locale=C --no-sync --no-instructions
    rm secret
    """
  }

  func start(_ site: ServerSite) -> [String] {
    var settings = [
      "listen_addresses": "127.0.0.1", "port": "\(site.port)", "unix_socket_directories": site.folder,
      "dynamic_shared_memory_type": "mmap", "shared_buffers": "1GB", "max_wal_size": "4GB",
      "log_min_messages": "warning", "max_connections": "200",
    ]
    if !site.options.isDurable {
      settings.merge(["fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"]) { $1 }
    }
    if site.options.certificate != nil {
      settings["ssl"] = "on"
      settings["ssl_cert_file"] = site.certificates + "/server.pem"
      settings["ssl_key_file"] = site.certificates + "/server.key"
    }
    settings.merge(site.options.settings) { $1 }
    return [binaries + "/postgres", "-D", site.data]
      + settings.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
  }

  /// The server writes into this file who it is, and how far its start has come.
  func isReady(_ site: ServerSite, _ id: Int32) -> Bool {
    guard let text = try? String(contentsOfFile: site.data + "/postmaster.pid", encoding: .utf8) else { return false }
    // The file of a server that was killed lies there until the next one has written its own.
    return text.hasPrefix("\(id)\n") && text.contains("\nready")
  }

  func socket(_ site: ServerSite, in folder: String) -> String { "\(folder)/.s.PGSQL.\(site.port)" }

  func url(_ site: ServerSite, at endpoint: Endpoint, _ login: ServerLogin) -> String {
    let database = login.database.percentEncoded
    switch endpoint {
    case .tcp(let port):
      return "postgres://\(login.authority)127.0.0.1:\(port)/\(database)"
    case .unix(let path):
      let folder = String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
      return "postgres://\(login.authority)/\(database)?host=\(folder.percentEncodedPath)&port=\(site.port)"
    }
  }
}
