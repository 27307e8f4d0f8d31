/// What a schema may be printed with, where the backend knows it; the raw value is the word on the command line.
public enum SchemaOption: String, Sendable, CaseIterable {
  /// What announces changes to other processes.
  case announceChanges = "announce-changes"
  /// A table for each kind.
  case tablePerKind = "table-per-kind"
  /// Tables that are not in the database's log, and are empty after a crash of the server.
  case unlogged
  /// A column with the payload as JSON, for a store that seals nothing.
  case jsonPayload = "json-payload"
}
