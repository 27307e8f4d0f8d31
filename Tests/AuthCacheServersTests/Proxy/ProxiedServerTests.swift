import AuthCacheConformance
import AuthCacheServers
import Testing

extension RealServers {
  @Suite(.timeLimit(.minutes(2))) struct ProxiedServerTests {
    @Test("a server is reached through the proxy, and a cut does to a statement what it says", arguments: kinds)
    func cuts(_ kind: ServerKind) async throws {
      let server = try await ThrowawayServer.start(kind)
      for overSocket in [false, true] {
        let proxy = try TestProxy(before: server, overSocket: overSocket)
        _ = try await Client.ask(server, at: proxy.url, "CREATE TABLE t\(overSocket) (n INT)")
        await proxy.crumble()
        #expect(try await Client.ask(server, at: proxy.url, "SELECT 40 + 2") == "42")
        await proxy.crumble(false)

        await proxy.cutNextStatement(.afterServer, containing: "INSERT")
        let after = try Client.begin(server, at: proxy.url, "INSERT INTO t\(overSocket) VALUES (1)")
        #expect(await Client.answer(of: after).exit != .status(0))
        await proxy.cutNextStatement(.beforeServer, containing: "INSERT")
        let before = try Client.begin(server, at: proxy.url, "INSERT INTO t\(overSocket) VALUES (2)")
        #expect(await Client.answer(of: before).exit != .status(0))
        #expect(proxy.cuts == 2)
        #expect(try await Client.ask(server, "SELECT n FROM t\(overSocket)") == "1")
        await proxy.end()
      }
      await server.end()
    }
  }
}
