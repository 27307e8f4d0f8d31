import AuthCache
import AuthCacheServers
import Foundation
import Testing

extension RealDatabases {
  /// Connections that are encrypted, and certificates that are looked at.
  @Suite(.serialized, .timeLimit(.minutes(4))) struct TLSTests {
    private func server(
      _ database: Database, _ certificate: ServerOptions.Certificate
    ) async throws -> ThrowawayServer {
      try await ThrowawayServer.start(
        database.server, ServerOptions(isDurable: false, certificate: certificate, password: Refusal.password))
    }

    /// How many connections the server has been asked to encrypt, or has now.
    private func encrypted(_ database: Database, _ raw: RawSession) throws -> Int {
      let text =
        database == .postgres
        ? "SELECT count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) "
          + "WHERE s.ssl AND a.application_name = 'authcache'"
        : "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'Ssl_accepts'"
      return Int(try raw.run(text).first ?? "") ?? -1
    }

    @Test(
      "a valid certificate is accepted in every mode, one of a foreign authority is not, nor a client without its own",
      arguments: Database.servers)
    func valid(_ database: Database) async throws {
      let server = try await server(database, .valid)
      let raw = try RawSession(database, at: server.url)
      for mode in ["disable", "prefer", "require", "verify-full"] {
        let before = try encrypted(database, raw)
        let backend = try await database.open(
          server.tcpURL + "?sslmode=\(mode)" + (mode == "verify-full" ? "&sslrootcert=\(server.authority)" : ""))
        try await backend.store(record(1))
        #expect(try await backend.load(record(1).id) != nil)
        #expect(try (encrypted(database, raw) > before) == (mode != "disable"), "sslmode=\(mode)")
        try await backend.close()
        if database == .postgres { try await until { try encrypted(database, raw) == 0 } }
      }
      let verified = server.tcpURL + "?sslmode=verify-full&sslrootcert="
      try await Refusal.expect(database, verified + "/nowhere.pem", saying: "root certificates", "sslrootcert")
      try await Refusal.expect(database, verified + server.stranger, saying: "certificate", "sslrootcert")
      // MariaDB's library reads what it is told to; PostgreSQL's leaves out what no server asks for.
      if database == .mariadb {
        let trusting = verified + server.authority
        try await Refusal.expect(database, verified + server.clientKey, saying: "has none in it", "sslrootcert")
        try await Refusal.expect(
          database, trusting + "&sslcert=/nowhere.pem&sslkey=\(server.clientKey)", saying: "can't be read", "sslcert")
        try await Refusal.expect(
          database, trusting + "&sslcert=\(server.clientCertificate)&sslkey=/nowhere.key", saying: "can't be read",
          "sslkey")
      }
      try await certified(database, server, raw)
      await server.end()
    }

    /// The server asks for certificates of its clients.
    private func certified(_ database: Database, _ server: ThrowawayServer, _ raw: RawSession) async throws {
      let url: String
      if database == .postgres {
        url = server.tcpURL
        let rules = "local all all scram-sha-256\nhostssl all all all scram-sha-256 clientcert=verify-ca\n"
        try rules.write(toFile: server.site.data + "/pg_hba.conf", atomically: false, encoding: .utf8)
        try raw.run("ALTER SYSTEM SET ssl_ca_file = '\(server.authority)'")
        try raw.run("SELECT pg_reload_conf()")
        try await until { (try? RawSession(database, at: url)) == nil }
      } else {
        url = server.url(at: server.port, user: "certified")
        try raw.run("CREATE USER certified IDENTIFIED BY '\(Refusal.password)' REQUIRE X509")
        try raw.run("GRANT ALL ON authcache.* TO certified")
      }
      let verified = url + "?sslmode=verify-full&sslrootcert=\(server.authority)"
      // MariaDB does not say which of the two it is.
      try await Refusal.expect(database, verified, saying: database == .postgres ? "sslcert and sslkey" : "user name")
      let backend = try await database.open(
        verified + "&sslcert=\(server.clientCertificate)&sslkey=\(server.clientKey)")
      try await backend.store(record(2))
      try await backend.close()
    }

    @Test("a certificate that has expired", arguments: Database.servers)
    func expired(_ database: Database) async throws {
      let server = try await server(database, .expired)
      try await Refusal.expect(
        database, server.tcpURL + "?sslmode=verify-full&sslrootcert=\(server.authority)", saying: "certificate",
        "renew it", "expired")
      await server.end()
    }

    @Test("a certificate for another host", arguments: Database.servers)
    func foreign(_ database: Database) async throws {
      let server = try await server(database, .foreign)
      try await Refusal.expect(
        database, server.tcpURL + "?sslmode=verify-full&sslrootcert=\(server.authority)", saying: "certificate",
        "another host", "connect by the name")
      await server.end()
    }

    @Test("TLS is asked for and not offered", arguments: Database.servers)
    func notOffered(_ database: Database) async throws {
      let server = try await SharedServer.of(database)
      try await Refusal.expect(
        database, server.tcpURL + "?sslmode=require", saying: "offers no TLS", "sslmode=require", "set TLS up")
    }
  }
}
