import AuthCache
import AuthCacheConformance
import AuthCacheServers
import Foundation
import Testing

extension RealDatabases {
  /// Why no connection is had: one clear sentence each, and no secret in it.
  @Suite(.serialized, .timeLimit(.minutes(4))) struct RefusalTests {
    private static let password = Refusal.password

    private func server(_ database: Database) async throws -> ThrowawayServer {
      try await SharedServer.of(database)
    }

    @Test("a wrong password", arguments: Database.servers)
    func password(_ database: Database) async throws {
      let server = try await server(database)
      try await Refusal.expect(
        database, server.url(at: server.port, password: Self.password), saying: "user name or the password",
        "correct them")
    }

    @Test("an unknown user", arguments: Database.servers)
    func user(_ database: Database) async throws {
      let server = try await server(database)
      try await Refusal.expect(
        database, server.url(at: server.port, user: "nobody", password: Self.password), saying: "user")
    }

    @Test("a host that nobody knows", arguments: Database.servers)
    func host(_ database: Database) async throws {
      let server = try await server(database)
      let url = server.url(at: server.port, password: Self.password)
        .replacing("127.0.0.1", with: "no-such-host.invalid")
      try await Refusal.expect(database, url, saying: "no-such-host.invalid", "unknown")
    }

    @Test("a port where nothing listens", arguments: Database.servers)
    func port(_ database: Database) async throws {
      let server = try await server(database)
      let proxy = try TestProxy(before: server)
      await proxy.refuse()
      try await Refusal.expect(
        database, server.url(at: proxy.endpoint, password: Self.password), saying: "nothing listens")
      await proxy.end()
    }

    @Test("a socket that is not there", arguments: Database.servers)
    func socket(_ database: Database) async throws {
      let server = try await server(database)
      let nowhere = Endpoint.unix("/tmp/no-such-socket-\(UInt32.random(in: .min ... .max))")
      try await Refusal.expect(
        database, server.url(at: nowhere, password: Self.password), saying: "nothing listens", "of its socket")
    }

    @Test(
      "a port where another kind of server listens",
      .enabled(if: Database.servers.count == 2, "PostgreSQL and MariaDB are needed"))
    func otherKind() async throws {
      let port = try await server(.mariadb).port
      let url = try await server(.postgres).url(at: port, password: Self.password)
      try await Refusal.expect(.postgres, url, saying: "is not PostgreSQL", "correct host and port")
    }

    @Test("a database that does not exist", arguments: Database.servers)
    func database(_ database: Database) async throws {
      let server = try await server(database)
      try await Refusal.expect(
        database, server.url(at: server.port, database: "nowhere"), saying: "no such database")
    }

    @Test("a server that accepts and says nothing", arguments: Database.servers)
    func silent(_ database: Database) async throws {
      let proxy = try TestProxy(before: try await server(database))
      await proxy.stall()
      let start = ContinuousClock.now
      let error = try await failure { _ = try await database.open(proxy.url) }
      #expect(error?.code == .timeout || error?.code == .unavailable)
      #expect(ContinuousClock.now - start < .seconds(6))
      await proxy.end()
    }

    @Test(
      "a server that only reads: writes are unavailable with effect none, reads go on, and it heals",
      arguments: Database.servers)
    func readOnly(_ database: Database) async throws {
      let server = try await SharedServer.durable(database)
      let raw = try RawSession(database, at: server.url)
      // Who may do everything may also write to such a server.
      let user = "app\(UInt32.random(in: .min ... .max))"
      if database == .postgres {
        try raw.run("CREATE USER \(user) PASSWORD '\(Self.password)'")
        try raw.run("GRANT ALL ON SCHEMA public TO \(user)")
      } else {
        try raw.run("CREATE USER \(user) IDENTIFIED BY '\(Self.password)'")
        try raw.run("GRANT ALL ON authcache.* TO \(user)")
      }
      let url = server.url(at: server.port, user: user, password: Self.password)
      var settings = Database.Settings()
      settings.tableName = SharedServer.tableName()
      let backend = try await database.open(url, settings)
      try await backend.store(record(1))
      func readOnly(_ isOn: Bool) throws {
        if database == .postgres {
          try raw.run("ALTER ROLE \(user) SET default_transaction_read_only = \(isOn)")
          try raw.killOthers()
        } else {
          try raw.run("SET GLOBAL read_only = \(isOn ? 1 : 0)")
        }
      }
      try readOnly(true)
      // The first may find that its connection was ended.
      var error: AuthCacheError?
      try await until {
        error = try await failure { try await backend.store(record(2)) }
        return error?.reason.contains("only reads") == true
      }
      #expect(error?.code == .unavailable)
      #expect(error?.effect == AuthCacheError.Effect.none)
      #expect(try await backend.load(record(1).id) != nil)
      #expect(try await backend.load(record(2).id) == nil)
      try await Refusal.expect(database, url, saying: "only reads", "connect to the primary")
      try readOnly(false)
      let start = ContinuousClock.now
      try await until { try await failure { try await backend.store(record(2)) } == nil }
      #expect(ContinuousClock.now - start < .seconds(5))
      try await backend.close()
    }

    @Test(
      "a full disk: writes are unavailable and say why, what was acknowledged is there, and it heals",
      .enabled(
        if: ServerKind.postgres.canBeTested && (SmallDisk.isAvailable || SmallDisk.isRequired),
        "mounting a file system needs root, and PostgreSQL"))
    func fullDisk() async throws {
      try await onSmallDisk(.postgres) { server, disk in
        try await expectFullness(.postgres, server, fill: { try disk.fill() }) { disk.makeRoom() }
        try RawSession(.postgres, at: server.url).run("CREATE DATABASE fresh")
        try disk.fill()
        try await Refusal.expect(.postgres, server.url, saying: "full", "make room")
        // The first session of a database has something to write.
        let fresh = server.url(at: server.socket, database: "fresh")
        try await Refusal.expect(.postgres, fresh, saying: "can't write to its disk", "make room")
      }
    }

    @Test(
      "the same for MariaDB, from a disk with no room for a note to one with no room for a table",
      .enabled(
        if: ServerKind.mariadb.canBeTested && (SmallDisk.isAvailable || SmallDisk.isRequired),
        "mounting a file system needs root, and MariaDB"))
    func fullDiskOfMariaDB() async throws {
      try await onSmallDisk(.mariadb) { server, disk in
        // It can't note what it is about to make; it can, and then has no room for the pages.
        for rest in [0, 48 << 10] as [UInt64] {
          try disk.fill(leaving: rest)
          try await Refusal.expect(.mariadb, server.url, saying: "full", "make room")
          disk.makeRoom()
        }
        // Small, because MariaDB 10.11 aborts where it has no room to take back a payload on pages of its own.
        try await expectFullness(.mariadb, server, bytes: 1_000, fill: { try disk.fill() }) { disk.makeRoom() }
        // It has noted things before, and has no room for the definition of a table.
        try disk.fill()
        try await Refusal.expect(.mariadb, server.url, saying: "full", "make room")
      }
    }

    /// Runs a server in a file system of its own; nothing is left of either, whatever `body` does.
    private func onSmallDisk(
      _ database: Database, _ body: (ThrowawayServer, SmallDisk) async throws -> Void
    ) async throws {
      let disk = try SmallDisk(megabytes: 512)
      defer { disk.unmount() }
      let server = try await ThrowawayServer.start(
        database.server, ServerOptions(isDurable: false, password: Self.password, place: disk.path))
      do {
        try await body(server, disk)
      } catch {
        await server.end()
        throw error
      }
      await server.end()
    }

    /// In files of a size that is set: there also a large payload is refused in order.
    @Test(
      "the same where the tablespace has no more room",
      .enabled(if: ServerKind.mariadb.canBeTested, "\(ServerKind.mariadb.whatIsMissing ?? "")"))
    func fullTablespace() async throws {
      func server(_ files: String) async throws -> ThrowawayServer {
        try await ThrowawayServer.start(
          .mariadb,
          ServerOptions(
            password: Self.password, settings: ["innodb-file-per-table": "0", "innodb-data-file-path": files]))
      }
      // No room for the table, and then none for what is in it.
      let small = try await server("ibdata1:12M")
      try await takeAllTables(try RawSession(.mariadb, at: small.url))
      try await Refusal.expect(.mariadb, small.url, saying: "full", "make room")
      await small.end()

      let files = "ibdata1:12M;ibdata2:16M"
      let larger = try await server(files)
      try await expectFullness(.mariadb, larger, fill: {}) {
        // To remove something takes room as well, and gives its own back when the server gets to it. A further file has it.
        let start = larger.site.folder + "/start"
        let script = try String(contentsOfFile: start, encoding: .utf8)
        try #require(script.contains(files))
        try script.replacing(files, with: files + ";ibdata3:16M").write(
          toFile: start, atomically: false, encoding: .utf8)
        try await larger.restart()
      }
      await larger.end()
    }

    /// Makes tables until there is no room for one, also after the server has cleared up behind itself.
    private func takeAllTables(_ session: RawSession) async throws {
      var number = 0
      var made = 0
      repeat {
        made = 0
        while (try? session.run("CREATE TABLE filler\(number) (version INTEGER NOT NULL)")) != nil {
          (number, made) = (number + 1, made + 1)
          try #require(number < 10_000, "the tablespace does not get full")
        }
        try await until {
          try session.run(
            "SELECT variable_value FROM information_schema.global_status "
              + "WHERE variable_name = 'Innodb_history_list_length'") == ["0"]
        }
      } while made > 0
    }

    private func expectFullness(
      _ database: Database, _ server: ThrowawayServer, bytes: Int = 60_000, fill: () throws -> Void,
      makeRoom: () async throws -> Void
    ) async throws {
      var settings = Database.Settings()
      settings.tableName = SharedServer.tableName()
      let backend = try await database.open(server.url, settings)
      try await backend.store(record(0))
      try fill()
      let payload = Payload((0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) })
      var stored: [UInt64] = [0]
      var refusal: AuthCacheError?
      for number in UInt64(1)...4_000 {
        refusal = try await failure { try await backend.store(record(number, payload: payload)) }
        guard refusal == nil else { break }
        stored.append(number)
      }
      let error = try #require(refusal, "the disk is full, and yet everything was stored")
      #expect(error.code == .unavailable)
      #expect(error.effect == AuthCacheError.Effect.none)
      #expect(error.reason.contains("full"), "\(error.reason)")
      #expect(try await backend.load(record(UInt64(stored.count)).id) == nil)
      try await makeRoom()
      let start = ContinuousClock.now
      try await until { try await failure { try await backend.store(record(9_999, payload: payload)) } == nil }
      #expect(ContinuousClock.now - start < .seconds(5))
      for number in stored + [9_999] { #expect(try await backend.load(record(number).id) != nil, "\(number)") }
      try await backend.close()
    }
  }
}
