internal import AuthCacheSQL

struct PostgresDialect: Dialect {
  let options: PostgresBackend.Configuration.TableOptions

  /// Bytes decide the order, whatever the database's language.
  var kindType: String { "TEXT COLLATE \"C\"" }
  var digestType: String { "BYTEA" }
  var integerType: String { "BIGINT" }
  var payloadType: String { "BYTEA" }
  var tableModifier: String { options.contains(.unlogged) ? "UNLOGGED " : "" }

  /// The payload itself stays as it was stored, byte for byte.
  var furtherColumns: [String] {
    options.contains(.jsonPayload)
      ? ["payload_json JSONB GENERATED ALWAYS AS (convert_from(payload, 'UTF8')::jsonb) STORED"] : []
  }

  func isAny(_ column: String, of parameter: String) -> String { "\(column) = ANY(\(parameter))" }

  func upsert(_ upsert: Upsert) -> String {
    let overwrites = upsert.contents.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
    let condition = upsert.condition.map { " WHERE \($0)" } ?? ""
    let types = ["text", "bytea", "bytea", "bytea", "bytea", "bytea", "bytea", "bigint", "bigint", "bigint", "bytea"]
    let arrays = types.enumerated().map { "?\($0 + 1)::\($1)[]" }.joined(separator: ", ")
    let source = upsert.writesMany ? "SELECT * FROM unnest(\(arrays))" : upsert.source
    return "INSERT INTO \(upsert.table) (\(upsert.columns.joined(separator: ", "))) \(source) "
      + "ON CONFLICT (kind, digest) DO UPDATE SET \(overwrites)\(condition)"
  }

  /// Rows that somebody else is busy with are left to the next sweep: two sweeps and any number of writers never wait
  /// for each other in a circle.
  func sweep(_ table: String) -> String {
    "DELETE FROM \(table) WHERE expires_at <= ?1 AND ctid = ANY(ARRAY("
      + "SELECT ctid FROM \(table) WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2 FOR UPDATE SKIP LOCKED)) "
      + "RETURNING kind"
  }
}
