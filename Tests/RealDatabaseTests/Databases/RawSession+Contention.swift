import AuthCache
import AuthCacheConformance

extension RawSession {
  /// Where a deadlock is found this session is not its victim.
  func loseNoDeadlock(_ table: String) throws {
    // PostgreSQL ends whoever looks first, MariaDB who has changed least.
    if isPostgres {
      try run("SET deadlock_timeout = '60s'")
    } else {
      try run("CREATE TABLE \(table)_weight (n INT) ENGINE=InnoDB")
    }
  }

  func makeWeight(_ table: String) throws {
    guard !isPostgres else { return }
    let rows = (0..<200).map { "(\($0))" }.joined(separator: ",")
    try run("INSERT INTO \(table)_weight VALUES \(rows)")
  }

  func lock(_ record: Record, in table: String) throws {
    let digest = record.digest.withUnsafeBytes { $0.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
    let literal = isPostgres ? "'\\x\(digest)'::bytea" : "x'\(digest)'"
    try run("SELECT 1 FROM \(table) WHERE kind = '\(record.kind.rawValue)' AND digest = \(literal) FOR UPDATE")
  }

  /// Everybody who reads or writes the table waits until ``release()``. Only this table can be used meanwhile.
  func hold(_ table: String) throws {
    if isPostgres {
      try run("BEGIN")
      try run("LOCK TABLE \(table) IN ACCESS EXCLUSIVE MODE")
    } else {
      try run("LOCK TABLES \(table) WRITE")
    }
  }

  func release() throws { try run(isPostgres ? "COMMIT" : "UNLOCK TABLES") }

  /// How many statements about that table wait for whoever holds it.
  func held(by table: String) throws -> Int {
    try run(
      isPostgres
        ? "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%\(table)%' "
          + "AND pid <> pg_backend_pid()"
        : "SELECT 1 FROM information_schema.processlist WHERE state LIKE 'Waiting for table metadata lock' "
          + "AND info LIKE '%\(table)%' AND id <> CONNECTION_ID()"
    ).count
  }

  /// From now on each new row of the table takes ten milliseconds.
  func slowDown(_ table: String) throws {
    if isPostgres {
      try run(
        "CREATE FUNCTION \(table)_s() RETURNS trigger LANGUAGE plpgsql AS "
          + "$$ BEGIN PERFORM pg_sleep(0.01); RETURN NEW; END $$")
      try run("CREATE TRIGGER \(table)_s BEFORE INSERT ON \(table) FOR EACH ROW EXECUTE FUNCTION \(table)_s()")
    } else {
      try run("CREATE TRIGGER \(table)_s BEFORE INSERT ON \(table) FOR EACH ROW SET @slow = SLEEP(0.01)")
    }
  }

  /// How many deadlocks the server has seen.
  func deadlocks() throws -> Int {
    let text =
      isPostgres
      ? "SELECT sum(deadlocks) FROM pg_stat_database"
      : "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'Innodb_deadlocks'"
    return Int(try run(text).first ?? "") ?? 0
  }

  /// So many deletes to come fail as if they could not be serialized. A sequence counts them.
  func failDeletes(on table: String, times: Int) throws {
    try run("CREATE SEQUENCE \(table)_q")
    if isPostgres {
      try run(
        "CREATE FUNCTION \(table)_f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
          + "IF nextval('\(table)_q') <= \(times) THEN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END IF; "
          + "RETURN OLD; END $$")
      try run("CREATE TRIGGER \(table)_t BEFORE DELETE ON \(table) FOR EACH ROW EXECUTE FUNCTION \(table)_f()")
    } else {
      try run(
        "CREATE TRIGGER \(table)_t BEFORE DELETE ON \(table) FOR EACH ROW "
          + "IF nextval(\(table)_q) <= \(times) THEN "
          + "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'lost'; END IF")
    }
  }
}
