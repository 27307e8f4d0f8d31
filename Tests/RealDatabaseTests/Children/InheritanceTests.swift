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
      let mine = try Self.names(in: FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"))
      let connections = try ports.flatMap(Self.connections)
      #expect(connections.count >= ports.count && Set(connections).isSubset(of: mine))
      #expect(mine.contains { $0.hasPrefix(folder) })

      let inherited = try Self.listed()
      #expect(inherited.contains("/proc/self/fd") || inherited.contains(" -> "), "the child looked at itself")
      for connection in connections { #expect(!inherited.contains(connection)) }
      #expect(!inherited.contains(folder))
      for backend in backends { try await backend.close() }
    }

    private static func names(in descriptors: [String]) throws -> Set<String> {
      Set(descriptors.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") })
    }

    /// The client's ends of the connections to that port, as `/proc/…/fd` names them (proc(5)).
    private static func connections(to port: UInt16) throws -> [String] {
      let hex = String(port, radix: 16, uppercase: true)
      let suffix = ":" + String(repeating: "0", count: 4 - hex.count) + hex
      let text = try String(contentsOfFile: "/proc/net/tcp", encoding: .utf8)
      var found: [String] = []
      for line in text.split(separator: "\n").dropFirst() {
        let fields = line.split(separator: " ")
        // 01 is an established connection.
        if fields.count > 9, fields[2].hasSuffix(suffix), fields[3] == "01" { found.append("socket:[\(fields[9])]") }
      }
      return found
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
