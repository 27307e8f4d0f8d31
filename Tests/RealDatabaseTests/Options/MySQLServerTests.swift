import AuthCache
import AuthCacheMySQL
import AuthCacheServers
import Testing

@Suite struct MySQLVersionTests {
  @Test(
    "what a server can do is told by its version",
    arguments: [
      ("8.0.39", false, false, false), ("8.4.0", false, false, false), ("9.1.0-commercial", false, false, false),
      ("5.5.5-8.0.39", false, false, false), ("5.5.5-10.11.6-MariaDB-0+deb12u1", true, true, true),
      ("11.4.2-MariaDB", true, true, true), ("10.4.34-MariaDB-log", true, true, true),
      ("10.2.5-MariaDB", true, true, false), ("10.2.6-MariaDB", true, true, true),
      ("10.0.5-MariaDB", true, true, false),
      ("10.0.4-MariaDB", true, false, false), ("5.5.68-MariaDB", true, false, false), ("", false, false, false),
      ("MariaDB", true, false, false),
    ])
  func versions(_ version: String, isMariaDB: Bool, deletesReturning: Bool, executesArrays: Bool) {
    let server = MySQLServer(version: version)
    #expect(server.isMariaDB == isMariaDB)
    #expect(server.deletesReturning == deletesReturning)
    #expect(server.executesArrays == executesArrays)
  }
}

extension RealDatabases {
  @Suite(
    .serialized, .timeLimit(.minutes(1)),
    .enabled(if: ServerKind.mariadb.canBeTested, "\(ServerKind.mariadb.whatIsMissing ?? "")"))
  struct MySQLServerTests {
    @Test(
      "MariaDB is asked by itself to return what it deletes, and where that is switched off to lock it first",
      arguments: [(Database.mariadb, "RETURNING", "FOR UPDATE"), (.mariadbLocked, "FOR UPDATE", "RETURNING")])
    func choice(_ database: Database, said: String, unsaid: String) async throws {
      let proxy = try TestProxy(before: try await SharedServer.of(database))
      var settings = Database.Settings()
      settings.tableName = SharedServer.tableName()
      settings.connections = 1...1
      for (text, cuts) in [(unsaid, 0), (said, 1)] {
        let backend = try await database.open(proxy.url + "?sslmode=disable", settings)
        try await backend.store(record(1))
        // The connection breaks where these words are sent.
        await proxy.cutNextStatement(.beforeServer, containing: text)
        let error = try await failure { _ = try await backend.consume(record(1).id) }
        #expect(proxy.cuts == cuts)
        #expect((error != nil) == (cuts > 0))
        try await backend.close()
      }
      await proxy.end()
    }

    @Test("the lock of a migration fits MySQL's 64 letters for the longest name, and is one database's")
    func lock() async throws {
      let server = try await SharedServer.of(.mariadb)
      let raw = try RawSession(.mariadb, at: server.url)
      var settings = Database.Settings()
      settings.tableName = SharedServer.tableName().padding(48)
      settings.statementTimeout = .seconds(1)
      let name = MySQLServer.lockName(for: settings.tableName + "_schema")
      #expect(try raw.run("SELECT CHAR_LENGTH(\(name)) <= 64") == ["1"])
      try raw.run("CREATE DATABASE \(settings.tableName)")
      #expect(try raw.run("SELECT GET_LOCK(\(name), 0)") == ["1"])

      let error = try await failure { _ = try await Database.mariadb.open(server.url, settings) }
      #expect(error?.reason.contains("another process is changing the schema") == true)
      let other = server.url(at: server.socket, database: settings.tableName)
      try await Database.mariadb.open(other, settings).close()
      #expect(try raw.run("SELECT RELEASE_LOCK(\(name))") == ["1"])
      try await Database.mariadb.open(server.url, settings).close()
      try raw.run("DROP DATABASE \(settings.tableName)")
    }
  }
}

extension String {
  fileprivate func padding(_ length: Int) -> String { self + String(repeating: "x", count: max(0, length - count)) }
}
