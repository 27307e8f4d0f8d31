#if os(Linux)
import AuthCache
import AuthCacheSQLite
import AuthCacheServers
import Foundation
import Glibc
import Testing

extension RealDatabases {
  /// Programs that this process starts while backends are open, by whatever means.
  @Suite(.serialized, .timeLimit(.minutes(2))) struct InheritanceTests {
    @Test("a child inherits neither a connection to a server nor a handle on a database file")
    func nothing() async throws {
      let folder = FileManager.default.temporaryDirectory.path + "/inherit-\(UInt32.random(in: .min ... .max))"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let sqlite = try await SQLiteBackend(path: folder + "/auth.sqlite")
      try await sqlite.store(record(1))
      var backends: [any AuthCacheBackend] = [sqlite]
      var ports: [UInt16] = []
      for database in Database.servers {
        let server = try await SharedServer.of(database)
        var settings = Database.Settings()
        settings.tableName = SharedServer.tableName()
        let backend = try await database.open(server.tcpURL, settings)
        try await backend.store(record(1))
        backends.append(backend)
        ports.append(server.site.port)
      }
      var inherited = ""
      // libmariadb lets us mark a socket only when the server has greeted, and a lane may connect at this moment.
      try await until {
        let mine = try Self.names()
        let connections = ports.map { port in mine.filter { Self.leads($0.descriptor, to: port) }.map(\.name) }
        #expect(connections.allSatisfy { !$0.isEmpty }, "every backend has a connection")
        #expect(mine.contains { $0.name.hasPrefix(folder) })
        inherited = try Self.listed()
        return !connections.joined().contains { inherited.contains($0) }
      }
      #expect(inherited.contains("/proc/self/fd") || inherited.contains(" -> "), "the child looked at itself")
      #expect(!inherited.contains(folder))
      for backend in backends { try await backend.close() }
    }

    /// What is open in this process, as `/proc/…/fd` names it (proc(5)).
    private static func names() throws -> [(descriptor: Int32, name: String)] {
      try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { entry in
        guard let descriptor = Int32(entry),
          let name = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(entry)")
        else { return nil }
        return (descriptor, name)
      }
    }

    /// Whether that is a TCP connection to that port.
    private static func leads(_ descriptor: Int32, to port: UInt16) -> Bool {
      var address = sockaddr_in()
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let status = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &size) }
      }
      return status == 0 && Int32(address.sin_family) == AF_INET && UInt16(bigEndian: address.sin_port) == port
    }

    /// What `ls -l /proc/self/fd` says in a child that is given everything it can be given.
    private static func listed() throws -> String {
      var ends: [Int32] = [0, 0]
      #expect(pipe(&ends) == 0)
      for end in ends { #expect(fcntl(end, F_SETFD, FD_CLOEXEC) == 0) }
      var actions = posix_spawn_file_actions_t()
      posix_spawn_file_actions_init(&actions)
      defer { posix_spawn_file_actions_destroy(&actions) }
      posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
      var words: [UnsafeMutablePointer<CChar>?] = ["/bin/ls", "-l", "/proc/self/fd"].map { (word: String) in
        strdup(word)
      }
      words.append(nil)
      defer { for word in words { free(word) } }
      var environment: [UnsafeMutablePointer<CChar>?] = [nil]
      var id: pid_t = 0
      #expect(posix_spawn(&id, "/bin/ls", &actions, nil, &words, &environment) == 0)
      close(ends[1])
      let output = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true).readDataToEndOfFile()
      var status: Int32 = 0
      #expect(waitpid(id, &status, 0) == id && status == 0)
      return String(decoding: output, as: UTF8.self)
    }
  }
}
#endif
