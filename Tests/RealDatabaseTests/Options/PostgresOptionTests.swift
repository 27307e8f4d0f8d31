import AuthCache
import AuthCachePostgres
import AuthCacheServers
import Testing

extension RealDatabases {
  @Suite(
    .serialized, .timeLimit(.minutes(4)),
    .enabled(if: ServerKind.postgres.canBeTested, "\(ServerKind.postgres.whatIsMissing ?? "")"))
  struct PostgresOptionTests {
    private func configuration() async throws -> PostgresBackend.Configuration {
      var configuration = try PostgresBackend.Configuration(url: await ThrowawayServer.shared(.postgres).url)
      configuration.tableName = SharedServer.tableName()
      return configuration
    }

    private func raw() async throws -> RawSession {
      try RawSession(.postgres, at: await ThrowawayServer.shared(.postgres).url)
    }

    @Test("an unlogged table is not in the write-ahead log, and the backend says what that costs")
    func unlogged() async throws {
      var configuration = try await configuration()
      let logged = try await PostgresBackend(configuration: configuration)
      #expect(logged.properties.durability == .server)
      configuration.tableName += "_u"
      configuration.tableOptions = .unlogged
      let unlogged = try await PostgresBackend(configuration: configuration)
      #expect(unlogged.properties.durability == .process)
      let raw = try await raw()
      func persistence(_ table: String) throws -> [String] {
        try raw.run("SELECT relpersistence FROM pg_class WHERE relname = '\(table)'")
      }
      #expect(try persistence(configuration.tableName) == ["u"])
      #expect(try persistence(String(configuration.tableName.dropLast(2))) == ["p"])
      try await unlogged.store(record(1))
      #expect(try await unlogged.load(record(1).id) != nil)
      try await unlogged.close()
      try await logged.close()
    }

    @Test("relaxed durability commits without waiting for the disk, and the backend says so")
    func relaxed() async throws {
      var configuration = try await configuration()
      let raw = try await raw()
      for (durability, setting) in [(PostgresBackend.Configuration.Durability.relaxed, "off"), (.full, "on")] {
        configuration.tableName = SharedServer.tableName()
        configuration.durability = durability
        let backend = try await PostgresBackend(configuration: configuration)
        #expect(backend.properties.durability == (durability == .relaxed ? .process : .server))
        let table = configuration.tableName
        // Each write notes how its own transaction is going to be committed.
        try raw.run("CREATE TABLE \(table)_s (setting text)")
        try raw.run(
          "CREATE FUNCTION \(table)_f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            + "INSERT INTO \(table)_s VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$")
        try raw.run(
          "CREATE TRIGGER \(table)_t BEFORE INSERT ON \(table) FOR EACH ROW EXECUTE FUNCTION \(table)_f()")
        try await backend.store(record(1))
        #expect(try await backend.load(record(1).id) != nil)
        #expect(try raw.run("SELECT setting FROM \(table)_s") == [setting])
        try await backend.close()
      }
    }

    @Test("after a crash of the server an unlogged table is empty, and works on; the others are as they were")
    func unloggedCrash() async throws {
      let server = try await SharedServer.durable(.postgres)
      var configuration = try PostgresBackend.Configuration(url: server.url)
      configuration.tableName = SharedServer.tableName()
      let logged = try await PostgresBackend(configuration: configuration)
      configuration.tableName += "_u"
      configuration.tableOptions = .unlogged
      let unlogged = try await PostgresBackend(configuration: configuration)
      for backend in [logged, unlogged] { try await backend.store(record(1)) }
      try await server.kill()
      try await server.start()
      func found(_ backend: PostgresBackend) async throws -> Record? {
        var found: Record?
        try await until {
          try await failure { found = try await backend.load(record(1).id) } == nil
        }
        return found
      }
      #expect(try await found(logged)?.digest == record(1).digest)
      #expect(try await found(unlogged) == nil)
      try await unlogged.store(record(2))
      #expect(try await unlogged.load(record(2).id) != nil)
      for backend in [logged, unlogged] { try await backend.close() }
    }

    @Test("a payload kept as JSON too can be looked into by SQL, comes back byte for byte, and has to be JSON")
    func json() async throws {
      var configuration = try await configuration()
      configuration.tableOptions = .jsonPayload
      let backend = try await PostgresBackend(configuration: configuration)
      // Blanks, order and repeated keys would not survive a column of JSONB.
      let text = #"{ "user" : "ada", "b": 1,"a":2, "a": 3, "name": "Zoë" }"#
      let session = record(1, payload: Payload(Array(text.utf8)))
      try await backend.store(session)
      #expect(try await backend.load(session.id)?.payload == session.payload)
      let raw = try await raw()
      #expect(try raw.run("SELECT payload_json->>'user' FROM \(configuration.tableName)") == ["ada"])

      for bytes in [Array("{".utf8), [0xFF, 0xFE], [], [0x22, 0x00, 0x22]] as [[UInt8]] {
        for write in [
          { try await backend.store(record(2, payload: Payload(bytes))) },
          { _ = try await backend.insert(record(2, payload: Payload(bytes))) },
          {
            try await backend.store(
              contentsOf: [record(3, payload: session.payload), record(2, payload: Payload(bytes))])
          },
        ] as [() async throws -> Void] {
          let error = try await failure(of: write)
          #expect(error?.code == .invalidArgument, "\(bytes)")
          #expect(error?.effect == AuthCacheError.Effect.none)
        }
      }
      #expect(try raw.run("SELECT count(*) FROM \(configuration.tableName)") == ["1"])
      // Among others that are committed with it, it fails alone.
      let outcomes = await withTaskGroup(of: Bool.self) { group in
        for number in UInt64(10)..<60 {
          group.addTask {
            let payload = number == 33 ? Payload([0xFF]) : session.payload
            return (try? await backend.store(record(number, payload: payload))) != nil
          }
        }
        return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
      }
      #expect(outcomes == 49)
      try await backend.close()
    }

    @Test("without prepared statements every operation works, one after the other and many at once")
    func unprepared() async throws {
      var configuration = try await configuration()
      configuration.preparesStatements = false
      (configuration.minConnections, configuration.maxConnections) = (1, 1)
      let backend = try await PostgresBackend(configuration: configuration)
      for number in UInt64(0)..<20 { try await backend.store(record(number)) }
      #expect(try await backend.load(contentsOf: (0..<20).map { record($0).id }).allSatisfy { $0 != nil })
      #expect(try await backend.consume(record(3).id) != nil)
      try await backend.close()
    }
  }
}
