internal import Foundation

/// MariaDB from the distribution's binaries.
struct MariaDBRecipe: ServerRecipe {
  static let accounts = ["mysql", "nobody"]
  let stopSignal = "TERM"

  private let server: String
  private let tables: [String]

  init() throws(ServerFault) {
    guard let server = Programs.find("mariadbd"),
      let scripts = ["/usr/share/mysql", "/usr/share/mariadb", "/opt/homebrew/share/mysql", "/usr/local/share/mysql"]
        .first(where: { FileManager.default.fileExists(atPath: $0 + "/mysql_system_tables.sql") })
    else { throw ServerFault("MariaDB is not installed: run ci/setup, or apt-get install mariadb-server") }
    self.server = server
    // What mariadb-install-db runs, without the help texts, which take most of its time.
    tables = ["mysql_system_tables", "mysql_performance_tables", "mysql_system_tables_data"]
      .map { "\(scripts)/\($0).sql" }
      .filter { FileManager.default.fileExists(atPath: $0) }
  }

  func preparation(_ site: ServerSite) -> String {
    let account = "\(site.user.quotedForSQL)@'%'"
    let after = """
      DELETE FROM global_priv WHERE User IN ('root', '');
      FLUSH PRIVILEGES;
      CREATE USER \(account) IDENTIFIED BY \(site.password.quotedForSQL);
      GRANT ALL ON *.* TO \(account) WITH GRANT OPTION;
      CREATE DATABASE authcache;
      """
    return """
      as mkdir \(site.data.quoted) \((site.folder + "/scratch").quoted)
      {
      printf '%s\\n' 'CREATE DATABASE mysql;' 'USE mysql;' 'SET @auth_root_socket=NULL;'
      cat \(tables.map(\.quoted).joined(separator: " "))
      printf '%s\\n' \(after.quoted)
      } | as \(server.quoted) --no-defaults --bootstrap --datadir=\(site.data.quoted) \
      --tmpdir=\((site.folder + "/scratch").quoted) --log-warnings=0 --enforce-storage-engine= \
      --max-allowed-packet=8M --innodb-log-file-size=\(Self.logFileSize) --innodb-flush-method=nosync \
      --innodb-flush-log-at-trx-commit=0 --skip-innodb-doublewrite
      """
  }

  /// The same while the tables are made and afterwards: else the server makes its log anew at its first start.
  private static let logFileSize = "256M"

  func start(_ site: ServerSite) -> [String] {
    var settings = [
      "datadir": site.data, "socket": socket(site, in: site.folder), "port": "\(site.port)",
      "bind-address": "127.0.0.1",
      "pid-file": site.folder + "/scratch/pid", "tmpdir": site.folder + "/scratch", "skip-name-resolve": "1",
      "skip-log-bin": "1", "innodb-buffer-pool-size": "1G", "innodb-log-file-size": Self.logFileSize,
      "max-connections": "200", "performance-schema": "0",
    ]
    if !site.options.isDurable { settings["innodb-flush-log-at-trx-commit"] = "0" }
    if site.options.certificate == nil {
      settings["skip-ssl"] = "1"
    } else {
      settings["ssl-ca"] = site.certificates + "/ca.pem"
      settings["ssl-cert"] = site.certificates + "/server.pem"
      settings["ssl-key"] = site.certificates + "/server.key"
    }
    for (name, value) in site.options.settings { settings[name.replacing("_", with: "-")] = value }
    return [server, "--no-defaults"] + settings.sorted { $0.key < $1.key }.map { "--\($0.key)=\($0.value)" }
  }

  /// The server greets whoever connects, once it is ready.
  func isReady(_ site: ServerSite, _ id: Int32) -> Bool {
    Sockets.greets(.unix(socket(site, in: site.folder)), within: 200)
  }

  func socket(_ site: ServerSite, in folder: String) -> String { folder + "/socket" }

  func url(_ site: ServerSite, at endpoint: Endpoint, _ login: ServerLogin) -> String {
    let database = login.database.percentEncoded
    switch endpoint {
    case .tcp(let port): return "mysql://\(login.authority)127.0.0.1:\(port)/\(database)"
    case .unix(let path):
      return "mysql://\(login.authority)localhost/\(database)?socket=\(path.percentEncodedPath)"
    }
  }
}
