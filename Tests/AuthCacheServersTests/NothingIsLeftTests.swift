import AuthCacheServers
import Foundation
import Testing

#if os(Linux)
import Glibc

extension RealServers {
  @Suite(.timeLimit(.minutes(2))) struct NothingIsLeftTests {

    @Test("after the end there is no process, no folder and no shared memory", arguments: RealServers.kinds)
    func end(_ kind: ServerKind) async throws {
      for violently in [false, true] {
        let server = try await ThrowawayServer.start(kind)
        let folder = server.site.folder
        let segments = Remains.segments(of: folder)
        #expect(kind != .postgres || segments.count == 1)
        #expect(try !Remains.processes(of: folder).isEmpty)
        if violently { try await server.kill() }
        await server.end()
        #expect(try Remains.found(folder: folder, segments: segments).isNothing)
        await server.end()
      }
    }

    @Test("a server that nobody holds any more goes", arguments: RealServers.kinds)
    func forgotten(_ kind: ServerKind) async throws {
      let folder = try await ThrowawayServer.start(kind).site.folder
      try await until { try Remains.found(folder: folder, segments: []).isNothing }
    }

    @Test("after kill -9 of its parent a server goes by itself", arguments: RealServers.kinds)
    func parentKilled(_ kind: ServerKind) async throws {
      let result = await #expect(
        processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]
      ) { [name = kind.rawValue as String] in
        let server = try await ThrowawayServer.start(try #require(ServerKind(rawValue: name)))
        print("\n\(server.site.folder) \(Remains.segments(of: server.site.folder).first ?? "-")")
        fflush(nil)
        kill(getpid(), SIGKILL)
      }
      let words = String(decoding: try #require(result).standardOutputContent, as: UTF8.self)
        .split(whereSeparator: \.isWhitespace).map(String.init)
      let at = try #require(words.firstIndex { $0.hasPrefix("/tmp/authcache-") })
      #expect(kind != .postgres || Int(words[at + 1]) != nil)
      try await until { try Remains.found(folder: words[at], segments: [words[at + 1]]).isNothing }
    }

    @Test("after kill -9 of its parent in the middle of a start nothing is left either", arguments: RealServers.kinds)
    func parentKilledEarly(_ kind: ServerKind) async throws {
      let place = try Place()
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [name = kind.rawValue as String, path = place.path as String] in
        let kind = try #require(ServerKind(rawValue: name))
        let task = Task { try await ThrowawayServer.start(kind, ServerOptions(place: path)) }
        let folder = try await Place(path: path).firstFolder()
        try await until { FileManager.default.fileExists(atPath: folder + "/data") }
        kill(getpid(), SIGKILL)
        _ = try await task.value
      }
      try await until { try FileManager.default.contentsOfDirectory(atPath: place.path).isEmpty }
      #expect(try Remains.processes(of: place.path).isEmpty)
      place.remove()
    }

    @Test(
      "a signal of the terminal does not reach the server before its parent has let go", arguments: RealServers.kinds)
    func apart(_ kind: ServerKind) async throws {
      let server = try await ThrowawayServer.start(kind)
      #expect(getpgid(server.id) != getpgid(0))
      #expect(getsid(server.id) != getsid(0))
      await server.end()
    }
  }
}
#endif
