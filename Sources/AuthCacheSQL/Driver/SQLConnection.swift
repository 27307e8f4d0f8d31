package import AuthCache

/// How the engine reaches one kind of database.
package protocol SQLDriver: Sendable {
  /// What the database is called in logs and metrics.
  var name: String { get }
  var dialect: Dialect { get }

  /// Opens a connection for the calling thread. Blocks.
  func connect(_ role: ConnectionRole, statements: Statements) throws(SQLFailure) -> any SQLConnection
}

/// What a connection is for.
package enum ConnectionRole: Sendable {
  /// Owned by the writer's lane. May wait for a lock.
  case writer
  /// Owned by the lane of the reads. May wait for a lock.
  case reader
  /// Lent to whichever thread reads. Never waits for a lock.
  case impatientReader
}

/// One connection, used by one thread at a time. Every call blocks.
package protocol SQLConnection: AnyObject, Sendable {
  /// The statement, prepared once in the life of the connection.
  func cursor(_ statement: Statement) throws(SQLFailure) -> any SQLCursor

  /// Runs text that has neither parameters nor rows: the schema's.
  func execute(_ text: String) throws(SQLFailure)
  /// Runs text that returns one integer, or NULL.
  func integer(_ text: String) throws(SQLFailure) -> Int64?

  /// Begins a transaction that may write, waiting for the lock if the role allows.
  func beginWriting() throws(SQLFailure)
  /// Begins a transaction whose reads all see the same state.
  func beginReading() throws(SQLFailure)
  /// Ends the transaction. A failure has effect `none` only if certainly nothing was committed.
  func commit() throws(SQLFailure)
  /// Ends the transaction, if there is one, and undoes it.
  func rollback()

  /// Ends a read that `SQLCursor.finish` left open, which it may do on an impatient reader.
  func endReading()

  /// Makes a call that is under way, and every later one, fail soon. The only member for any thread at any time.
  func interrupt()
  func close()
}

/// A prepared statement: bind, step through the rows, finish. Positions count from zero.
package protocol SQLCursor: AnyObject {
  func bind(_ digest: RecordDigest?, at position: Int)
  func bind(_ integer: Int64?, at position: Int)
  /// The bytes are not copied: they must stay where they are until `finish`.
  func bind(_ bytes: UnsafeRawBufferPointer, at position: Int)
  func bind(_ kind: RecordKind, at position: Int)

  /// Goes to the next row; false after the last.
  func step() throws(SQLFailure) -> Bool
  /// How many rows the last step that returned false had written.
  var changes: Int { get }

  /// Each throws `corrupt` if the column holds something else.
  func digest(at column: Int) throws(SQLFailure) -> RecordDigest?
  func integer(at column: Int) throws(SQLFailure) -> Int64?
  func bytes(at column: Int) throws(SQLFailure) -> [UInt8]
  func text(at column: Int) throws(SQLFailure) -> String

  /// Makes the statement ready for its next use and lets go of what was bound.
  func finish()
}

extension SQLCursor {
  package func bind(_ instant: Timestamp?, at position: Int) { bind(instant?.millisecondsSinceEpoch, at: position) }

  /// Runs a statement that returns no rows, and finishes it.
  package func run() throws(SQLFailure) -> Int {
    defer { finish() }
    while try step() {}
    return changes
  }
}
