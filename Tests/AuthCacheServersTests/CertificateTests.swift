import AuthCacheConformance
import AuthCacheServers
import Testing

extension RealServers {
  @Suite(.timeLimit(.minutes(2))) struct CertificateTests {

    /// A client that checks the certificate and the host's name.
    private func ask(_ server: ThrowawayServer) async throws -> Client.Answer {
      let child =
        switch server.kind {
        case .postgres:
          try Client.begin(
            server, at: server.tcpURL + "?sslmode=verify-full&sslrootcert=" + server.authority,
            "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        case .mariadb:
          try Client.begin(
            server, at: server.tcpURL,
            "SELECT VARIABLE_VALUE <> '' FROM information_schema.SESSION_STATUS "
              + "WHERE VARIABLE_NAME = 'Ssl_cipher'", ["--ssl-ca=" + server.authority, "--ssl-verify-server-cert"])
        }
      return await Client.answer(of: child)
    }

    @Test("a client that checks takes the valid certificate", arguments: RealServers.kinds)
    func valid(_ kind: ServerKind) async throws {
      let server = try await ThrowawayServer.start(kind, ServerOptions(certificate: .valid))
      let answer = try await ask(server)
      #expect(answer.exit == .status(0), "\(answer)")
      #expect(["t", "1"].contains(answer.text))
      await server.end()
    }

    @Test("a client that checks refuses an expired certificate and one for another host", arguments: RealServers.kinds)
    func refused(_ kind: ServerKind) async throws {
      for (certificate, word) in [
        (ServerOptions.Certificate.expired, "expired|verify failed"), (.foreign, "match|Validation"),
      ] {
        let server = try await ThrowawayServer.start(kind, ServerOptions(certificate: certificate))
        let answer = try await ask(server)
        #expect(answer.exit != .status(0))
        #expect(try answer.complaint.firstMatch(of: Regex(word)) != nil, "\(answer)")
        // The server itself is well: who does not check comes in.
        #expect(try await Client.ask(server, at: server.tcpURL, "SELECT 1") == "1")
        await server.end()
      }
    }
  }
}
