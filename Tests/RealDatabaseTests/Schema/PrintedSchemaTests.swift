import AuthCache
import AuthCacheConformance
import AuthCacheMySQL
import AuthCachePostgres
import AuthCacheServers
import Testing

extension RealDatabases {
  /// `authcache schema`, piped into the database's own client.
  @Suite(.serialized, .timeLimit(.minutes(4))) struct PrintedSchemaTests {
    struct Case: Sendable, CustomTestStringConvertible {
      let database: Database
      let options: [String]

      var testDescription: String { ([database.rawValue] + options).joined(separator: " ") }
      func has(_ option: SchemaOption) -> Bool { options.contains("--\(option.rawValue)") }
    }

    private static let cases = Database.servers.flatMap { database in
      let own = database == .postgres ? [["--unlogged"], ["--json-payload"]] : []
      let single: [[String]] = [[], ["--table-per-kind"], ["--announce-changes"]] + own
      return (single + [single.flatMap(\.self)]).map { Case(database: database, options: $0) }
    }

    private typealias Backend = any BulkBackend & GroupBackend & InvalidationBackend

    /// - Parameter announces: whether this handle asks for what announces changes.
    private func open(
      _ test: Case, _ url: String, table: String, announces: Bool = false
    ) async throws(AuthCacheError) -> Backend {
      if test.database == .postgres {
        var configuration = try PostgresBackend.Configuration(url: url)
        configuration.tableName = table
        configuration.tables = test.has(.tablePerKind) ? .perKind : .one
        if test.has(.unlogged) { configuration.tableOptions.insert(.unlogged) }
        if test.has(.jsonPayload) { configuration.tableOptions.insert(.jsonPayload) }
        configuration.announcesChanges = announces
        return try await PostgresBackend(configuration: configuration)
      }
      var configuration = try MySQLBackend.Configuration(url: url)
      configuration.tableName = table
      configuration.tables = test.has(.tablePerKind) ? .perKind : .one
      configuration.announcesChanges = announces
      return try await MySQLBackend(configuration: configuration)
    }

    /// What psql(1) or mariadb(1) says to the printed schema.
    private func pipe(
      _ database: Database, _ options: [String], table: String, into server: ThrowawayServer
    ) async throws -> (exit: ChildExit, complaint: String) {
      let client =
        database == .postgres
        ? "psql \"$url\" --no-psqlrc -q -v ON_ERROR_STOP=1"
        : "mariadb --no-defaults -u authcache -S \"$socket\" authcache"
      let socket = if case .unix(let path) = server.socket { path } else { "" }
      let script = """
        url=$1 MYSQL_PWD=$2 socket=$3; export MYSQL_PWD; shift 3
        { "$@" || echo 'nothing was printed;'; } | \(client)
        """
      let words = [
        ChildLauncher.product("authcache").executable, "schema", "--backend", database.factory, "--table", table,
      ]
      let child = try ChildProcess(
        ChildLauncher(
          executable: "/bin/sh",
          arguments: ["-c", script, "sh", server.url, server.site.password, socket] + words + options))
      child.closeInput()
      let exit = await child.wait()
      return (exit, child.diagnostics)
    }

    @Test(
      "what is printed makes what the backend makes, changes nothing when it is run again, and is opened and used",
      arguments: cases)
    func printed(_ test: Case) async throws {
      let server = try await SharedServer.of(test.database)
      let raw = try RawSession(test.database, at: server.url)
      let (table, other) = (SharedServer.tableName(), SharedServer.tableName())
      for _ in 0..<2 {
        let (exit, complaint) = try await pipe(test.database, test.options, table: table, into: server)
        #expect(exit == .status(0), "\(complaint)")
      }
      let announces = test.has(.announceChanges)
      let made = try await open(test, server.url, table: other, announces: announces)
      try await made.close()
      let catalog = try raw.catalog(of: table)
      #expect(catalog.count > 12)
      #expect(try catalog == raw.catalog(of: other))

      let backend = try await open(test, server.url, table: table)
      if announces { _ = try await backend.invalidations() }
      let payload = Payload(Array(#"{"user": "ada"}"#.utf8))
      let session = record(1, kind: .session, aliases: Aliases(accessToken: digest(9)), payload: payload)
      try await backend.store(session)
      try await backend.store(record(2, payload: payload))
      #expect(try await pipe(test.database, test.options, table: table, into: server).exit == .status(0))
      #expect(try catalog == raw.catalog(of: table))
      #expect(try await backend.load(.accessToken(digest(9))) == session)
      #expect(try await backend.consume(record(2).id) != nil)
      if test.has(.jsonPayload) {
        let place = test.has(.tablePerKind) ? "\(table)_session" : table
        #expect(try raw.run("SELECT payload_json->>'user' FROM \(place)") == ["ada"])
      }
      try await backend.close()
    }

    @Test("run where a table of another shape has the name, it claims no version for it", arguments: Database.servers)
    func foreign(_ database: Database) async throws {
      let server = try await SharedServer.of(database)
      let raw = try RawSession(database, at: server.url)
      let table = SharedServer.tableName()
      try raw.run("CREATE TABLE \(table) (number INT)")
      try raw.run("INSERT INTO \(table) VALUES (7)")
      #expect(try await pipe(database, [], table: table, into: server).exit != .status(0))
      #expect(try raw.run("SELECT version FROM \(table)_schema") == [])
      let error = try await failure {
        _ = try await open(Case(database: database, options: []), server.url, table: table)
      }
      #expect(error?.code == .unsupported)
      #expect(error?.reason.contains("another table name") == true)
      #expect(try raw.run("SELECT * FROM \(table)") == ["7"])
    }
  }
}

extension RawSession {
  /// What the server says of everything whose name begins with that of `table`, which stands there as `T`: tables,
  /// columns, indexes, triggers, versions.
  fileprivate func catalog(of table: String) throws -> [String] {
    func named(_ column: String) -> String { "(\(column) = '\(table)' OR \(column) LIKE '\(table)!_%' ESCAPE '!')" }
    let here = isPostgres ? "current_schema()" : "database()"
    var questions = [
      "SELECT table_name, column_name, ordinal_position, data_type, collation_name, is_nullable, column_default, "
        + "generation_expression FROM information_schema.columns WHERE table_schema = \(here) AND \(named("table_name"))",
      "SELECT trigger_name, event_manipulation, event_object_table, action_statement, action_timing "
        + "FROM information_schema.triggers WHERE trigger_schema = \(here) AND \(named("event_object_table"))",
    ]
    if isPostgres {
      questions += [
        "SELECT relname, relkind, relpersistence FROM pg_class WHERE relkind IN ('r', 'i') AND \(named("relname"))",
        "SELECT indexdef FROM pg_indexes WHERE \(named("tablename"))",
        "SELECT proname, prosrc FROM pg_proc WHERE \(named("proname"))",
      ]
    } else {
      questions += [
        "SELECT table_name, engine, table_collation FROM information_schema.tables WHERE \(named("table_name"))",
        "SELECT table_name, index_name, non_unique, seq_in_index, column_name, index_type "
          + "FROM information_schema.statistics WHERE \(named("table_name"))",
      ]
    }
    var found = try questions.flatMap { question in try run(question) }
    for part in ["schema", "announcing"] {
      let rows = (try? run("SELECT version FROM \(table)_\(part)")) ?? []
      found += rows.map { "\(part) version \($0)" }
    }
    return found.map { $0.replacing(table, with: "T") }.sorted()
  }
}
