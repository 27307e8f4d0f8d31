import AuthCache
import AuthCacheConformance
import AuthCacheMySQL
import AuthCachePostgres
import AuthCacheServers
import Foundation
import Testing

extension RealDatabases {
  @Suite(.serialized, .timeLimit(.minutes(4))) struct OptionTests {
    @Test(
      "with a table for each kind every record lies in its own, and nothing is lost between them",
      arguments: Database.ways)
    func perKind(_ database: Database) async throws {
      let server = try await SharedServer.of(database)
      var settings = Database.Settings()
      settings.tableName = SharedServer.tableName()
      settings.isTablePerKind = true
      let backend = try await database.open(server.url, settings)
      let raw = try RawSession(database, at: server.url)
      func rows(_ suffix: String) throws -> [String] {
        try raw.run("SELECT count(*) FROM \(settings.tableName)\(suffix)")
      }
      let kinds: [(RecordKind, String)] = [
        (.state, "_state"), (.verifier, "_verifier"), (.code, "_code"), (.session, "_session"),
        (.spentRefresh, "_spent_refresh"), (.client, "_client"), ("custom", ""),
      ]
      let group = Group.subject(digest(77))
      for (kind, suffix) in kinds {
        let record = record(1, kind: kind, groups: Groups(subject: digest(77)))
        try await backend.store(record)
        #expect(try rows(suffix) == ["1"], "\(kind)")
        #expect(try await backend.load(record.id) == record)
      }
      #expect(try await backend.load(contentsOf: kinds.map { record(1, kind: $0.0).id }).allSatisfy { $0 != nil })
      #expect(try await backend.removeAll(in: group) == kinds.count)
      for (kind, suffix) in kinds {
        #expect(try rows(suffix) == ["0"], "\(kind)")
        try await backend.store(record(2, kind: kind, life: .seconds(-600)))
      }
      let counts = try await backend.removeExpired(through: (.system as any AuthCacheClock).now, limit: 100)
      #expect(counts.total == kinds.count)
      try await backend.close()
    }

    @Test(
      "an address is taken apart, or refused with a sentence that shows nothing of it",
      arguments: [
        ("postgres://u:s3cret@h:1/d", true), ("postgresql://h/d?sslmode=verify-full&sslrootcert=/a%20b", true),
        ("postgres:///d?host=/run/x&port=7", true), ("postgres://u:s3%40cret@[::1]:7/d", true), ("postgres://h", true),
        ("postgres://u:s3cret@h:0/d", false), ("postgres://u:s3cret@h:x/d", false),
        ("postgres://u:s3cret@h/d?sslmode=s3cret", false), ("postgres://u:s3cret@h/d?nonsense=s3cret", false),
        ("postgres://u:s3cret%zz@h/d", false), ("postgres://u:s3cret@h/d?sslmode", false),
        ("http://u:s3cret@h/d", false), ("u:s3cret@h", false), ("", false), ("postgres://u:s3cret%00@h/d", false),
        ("mysql://u:s3cret@h:1/d", true), ("mariadb://u:s3%2Fcret@h/d?sslmode=require", true),
        ("mysql://localhost/d?socket=/run/x", true), ("mysql://u:s3cret@h", false),
        ("mysql://u:s3cret@h/d?sslmode=verify-ca", false), ("mysql://u:s3cret@h:99999/d", false),
        ("mysql://u:s3cret@h/d?s3cret=1", false), ("mysql://u:s3cret@h/%", false),
      ])
    func addresses(_ url: String, _ isGood: Bool) async throws {
      let isMySQL = url.hasPrefix("m")
      let error = try await failure {
        if isMySQL { _ = try MySQLBackend.Address(url: url) } else { _ = try PostgresBackend.Address(url: url) }
        let name = isMySQL ? "AUTHCACHE_MYSQL_URL" : "AUTHCACHE_POSTGRES_URL"
        if isMySQL {
          _ = try MySQLBackend.Configuration(environment: [name: url])
        } else {
          _ = try PostgresBackend.Configuration(environment: [name: url])
        }
      }
      #expect((error == nil) == isGood)
      guard let error else { return }
      #expect(error.code == .invalidArgument)
      for text in ["\(error)", error.debugDescription, error.reason] { #expect(!text.contains("s3")) }
    }

    @Test("what an address says arrives where it belongs, decoded")
    func parts() throws {
      let postgres = try PostgresBackend.Address(
        url: "postgres://us%40er:p%3A%2F%40ss@db.example:7/na%20me?sslmode=verify-full&sslrootcert=/ca"
          + "&sslcert=/c&sslkey=/k")
      #expect(postgres.user == "us@er" && postgres.password == "p:/@ss" && postgres.host == "db.example")
      #expect(postgres.port == 7 && postgres.database == "na me" && postgres.tls == .verifyFull)
      #expect(postgres.rootCertificates == "/ca" && postgres.certificate == "/c" && postgres.certificateKey == "/k")
      let mysql = try MySQLBackend.Address(url: "mysql://u:p@[::1]:7/d?socket=/s&sslmode=disable")
      #expect(mysql.host == "::1" && mysql.port == 7 && mysql.socket == "/s" && mysql.tls == .disable)
      for address in [postgres, mysql] as [Any] {
        var dumped = ""
        dump(address, to: &dumped)
        for text in ["\(address)", String(reflecting: address), dumped] { #expect(!text.contains("p:/@ss")) }
      }
    }

    @Test("without the variable of the environment the sentence names it")
    func environment() async throws {
      let postgres = try await failure { _ = try PostgresBackend.Configuration(environment: [:]) }
      #expect(postgres?.reason.contains("AUTHCACHE_POSTGRES_URL") == true)
      let mysql = try await failure { _ = try MySQLBackend.Configuration(environment: ["AUTHCACHE_MYSQL_URL": ""]) }
      #expect(mysql?.reason.contains("AUTHCACHE_MYSQL_URL") == true)
    }

    #if os(Linux)
    @Test(
      "no list of processes shows the password, neither the command's nor that of the children it starts",
      arguments: Database.servers)
    func processes(_ database: Database) async throws {
      let server = try await SharedServer.of(database)
      let variable = database == .postgres ? "AUTHCACHE_POSTGRES_URL" : "AUTHCACHE_MYSQL_URL"
      let backend = database == .postgres ? "postgres" : "mysql"
      let child = try ChildProcess(
        ChildLauncher(
          executable: "/bin/sh",
          arguments: [
            "-c", "read -r url; export \(variable)=\"$url\"; exec \"$@\"", "sh",
            ChildLauncher.product("authcache").executable, "verify", "--backend", backend, "--requirement",
            "code.consume.onceAcrossProcesses",
          ]))
      child.send(server.url)
      let reader = Task { for await _ in child.lines {} }
      let exit = Task { await child.wait() }
      var seen: Set<String> = []
      let over = Count()
      Task {
        _ = await exit.value
        over.add()
      }
      while over.value == 0 {
        for entry in try FileManager.default.contentsOfDirectory(atPath: "/proc") where Int(entry) != nil {
          let line = FileManager.default.contents(atPath: "/proc/\(entry)/cmdline") ?? Data()
          let text = String(decoding: line, as: UTF8.self)
          #expect(!text.contains(server.site.password), "process \(entry)")
          if text.contains("authcache"), text.contains("child") { seen.insert(entry) }
        }
        try await Task.sleep(for: .milliseconds(1))
      }
      await reader.value
      #expect(await exit.value == .status(0), "\(child.diagnostics)")
      #expect(!seen.isEmpty, "the children were looked at while they ran")
    }
    #endif
  }
}
