import AuthCacheConformance
import AuthCacheServers
import Foundation
import Testing

extension RealServers {
  @Suite(.timeLimit(.minutes(2))) struct ThrowawayServerTests {

    @Test(
      "a server answers on its socket and on its port, under a password full of marks", arguments: RealServers.kinds)
    func answers(_ kind: ServerKind) async throws {
      let server = try await ThrowawayServer.start(kind, ServerOptions(password: #"p@ss:w/o"r'd% \?#&"#))
      #expect(try await Client.ask(server, at: server.url, "SELECT 40 + 2") == "42")
      #expect(try await Client.ask(server, at: server.tcpURL, "SELECT 40 + 2") == "42")
      await server.end()
    }

    @Test("nobody comes in with a wrong password", arguments: RealServers.kinds)
    func passwords(_ kind: ServerKind) async throws {
      let server = try await ThrowawayServer.start(kind)
      let wrong = kind == .postgres ? server.url(at: server.port, password: "wrong") : server.tcpURL
      let words = kind == .postgres ? [] : ["--password=wrong"]
      let answer = await Client.answer(of: try Client.begin(server, at: wrong, "SELECT 1", words))
      #expect(answer.exit != .status(0))
      #expect(answer.complaint.localizedCaseInsensitiveContains(kind == .postgres ? "authentication failed" : "denied"))
      await server.end()
    }

    @Test("what was committed is there after an orderly restart and after kill -9", arguments: RealServers.kinds)
    func survives(_ kind: ServerKind) async throws {
      let server = try await ThrowawayServer.start(kind)
      _ = try await Client.ask(server, "CREATE TABLE kept (n INT)")
      _ = try await Client.ask(server, "INSERT INTO kept VALUES (1)")
      let first = server.id
      try await server.restart()
      #expect(server.id != first)
      _ = try await Client.ask(server, "INSERT INTO kept VALUES (2)")
      try await server.kill()
      #expect(try Remains.processes(of: server.site.folder + "/data").isEmpty)
      try await server.start()
      #expect(try await Client.ask(server, at: server.tcpURL, "SELECT n FROM kept ORDER BY n") == "1\n2")
      await server.end()
    }

    @Test("the tests of a process share one server, and a run's store is a server of its own", arguments: kinds)
    func shared(_ kind: ServerKind) async throws {
      async let (one, other) = (ThrowawayServer.shared(kind), ThrowawayServer.shared(kind))
      let server = try await one
      #expect(try await other === server)
      #expect(try await Client.ask(server, "SELECT 1") == "1")

      let store = try await ThrowawayServer.store(kind)
      let folder = String(try #require(store.url.firstMatch(of: /\/tmp\/authcache-\w+/)?.0))
      #expect(folder != server.site.folder)
      #expect(try !Remains.processes(of: folder).isEmpty)
      await store.end()
      #expect(try Remains.found(folder: folder, segments: []).isNothing)
      #expect(try await Client.ask(server, "SELECT 1") == "1")
    }

    @Test("a second start leaves alone what runs, and a stopped server starts again", arguments: RealServers.kinds)
    func startTwice(_ kind: ServerKind) async throws {
      let server = try await ThrowawayServer.start(kind)
      let first = server.id
      try await server.start()
      #expect(server.id == first)
      try await server.stop()
      try await server.stop()
      try await server.start()
      #expect(try await Client.ask(server, "SELECT 1") == "1")
      await server.end()
    }

    @Test("a frozen server answers nobody until it is thawed", arguments: RealServers.kinds)
    func frozen(_ kind: ServerKind) async throws {
      let server = try await ThrowawayServer.start(kind)
      let sleeper = try Client.begin(
        server, at: server.url, kind == .postgres ? "SELECT pg_sleep(0)" : "SELECT SLEEP(0)")
      _ = await Client.answer(of: sleeper)
      try await server.freeze()
      let states = try Remains.processes(of: server.site.folder).compactMap { id in
        id == "\(server.id)" || kind == .postgres ? Remains.state(of: id) : nil
      }
      #expect(Remains.state(of: "\(server.id)") == "T")
      #expect(states.contains("T"))
      let asking = try Client.begin(server, at: server.url, "SELECT 7")
      try await server.thaw()
      #expect(await Client.answer(of: asking).text == "7")
      #expect(Remains.state(of: "\(server.id)") != "T")
      // A frozen server can be killed, and ended.
      try await server.freeze()
      try await server.kill()
      try await server.start()
      try await server.freeze()
      await server.end()
      #expect(!FileManager.default.fileExists(atPath: server.site.folder))
    }

    @Test("several start at once, each on a port of its own", arguments: RealServers.kinds)
    func several(_ kind: ServerKind) async throws {
      let servers = try await withThrowingTaskGroup(of: ThrowawayServer.self) { group in
        for _ in 0..<3 { group.addTask { try await ThrowawayServer.start(kind, ServerOptions(isDurable: false)) } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(Set(servers.map(\.site.port)).count == 3)
      for server in servers {
        #expect(try await Client.ask(server, at: server.tcpURL, "SELECT 1") == "1")
        await server.end()
      }
    }

    @Test("the last words of a server that does not start are in the error", arguments: RealServers.kinds)
    func complains(_ kind: ServerKind) async throws {
      let error = await #expect(throws: ServerFault.self) {
        _ = try await ThrowawayServer.start(kind, ServerOptions(settings: ["no_such_setting": "1"]))
      }
      let text = try #require(error).description
      #expect(text.contains(kind.name) && text.contains("did not start"))
      #expect(text.replacing("-", with: "_").contains("no_such_setting"))
    }

    @Test("a caller that gives up while it starts leaves nothing", arguments: RealServers.kinds)
    func cancelled(_ kind: ServerKind) async throws {
      let place = try Place()
      let task = Task { try await ThrowawayServer.start(kind, ServerOptions(place: place.path)) }
      let folder = try await place.firstFolder()
      task.cancel()
      switch await task.result {
      case .success(let server): await server.end()
      case .failure: break
      }
      #expect(try Remains.found(folder: folder, segments: []).isNothing)
      place.remove()
    }
  }
}
