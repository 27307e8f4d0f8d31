package import AuthCache

/// How the engine reaches one kind of database.
package protocol SQLDriver: Sendable {
  /// What the database is called in logs and metrics.
  var name: String { get }
  var dialect: any Dialect { get }
  var traits: SQLTraits { get }

  /// Opens a connection for the calling thread. Blocks, but not for ever.
  func connect(_ role: ConnectionRole) throws(SQLFailure) -> any SQLConnection
}

/// What a connection is for.
package enum ConnectionRole: Sendable {
  /// Owned by a lane that writes. May wait for a lock.
  case writer
  /// Owned by a lane that only reads. May wait for a lock.
  case reader
  /// Lent to whichever thread reads. Never waits for a lock.
  case impatientReader
}

/// What the engine may make use of. The same for all connections of a driver.
package struct SQLTraits: Sendable {
  /// One statement for many keys of one shape is cheaper than a loop over a prepared one.
  package var merges = false
  /// One statement can insert many records and say which of them.
  package var mergesInserts = false
  /// Statements can be sent before those before them are answered.
  package var pipelines = false
  /// A statement outside a transaction is one of its own.
  package var commitsSingles = false
  /// The transaction goes on after a statement that failed.
  package var survivesFailures = true
  /// There is one lock for all writers: what waits is taken once it is held.
  package var locksToWrite = false
  /// Reads and writes have connections of their own.
  package var separatesReads = false
  /// A sweep looks for keys first and removes them then.
  package var sweepsByKeys = false
  /// An insert that overwrites a row with the same values says that it wrote none.
  package var overlooksOverwrites = false

  /// What is logged earlier is committed earlier.
  package var logsInOrder = false

  package init() {}
}

/// One connection, used by one thread at a time. Every call blocks, but not for ever.
package protocol SQLConnection: AnyObject, Sendable {
  var traits: SQLTraits { get }
  /// Whether a delete can return what it took.
  var hasReturning: Bool { get }

  /// The statement, prepared once in the life of the connection.
  ///
  /// - Parameters:
  ///   - table: Which table of the layout.
  ///   - count: How many rows or list elements will be bound, where the statement takes many.
  func cursor(_ statement: Statement, in table: Int, count: Int) throws(SQLFailure) -> any SQLCursor

  /// Runs text that has neither parameters nor rows: the schema's.
  func execute(_ text: String) throws(SQLFailure)
  /// Runs text that returns one integer, or NULL.
  func integer(_ text: String) throws(SQLFailure) -> Int64?

  /// Begins a transaction that may write, waiting for the lock if the role allows.
  func beginWriting() throws(SQLFailure)
  /// Begins a transaction whose reads all see the same state.
  func beginReading() throws(SQLFailure)
  /// Begins what `commit` ends, so that only one process at a time changes the schema under that name.
  func beginMigrating(_ name: String) throws(SQLFailure)
  /// Nothing more is sent before the commit: what pipelines hands over everything now.
  func announceCommit() throws(SQLFailure)
  /// Ends the transaction, if there is one. A failure has effect `none` only if certainly nothing was committed.
  func commit() throws(SQLFailure)
  /// Ends the transaction, if there is one, and undoes it.
  func rollback()

  /// From now on many writes a second are worth more than space or fast reads. To say it again changes nothing.
  func favorThroughput()

  /// Ends a read that `SQLCursor.finish` left open, which it may do on an impatient reader.
  func endReading()
  /// Looks without blocking whether the other side is still there. Nothing is under way.
  func isAlive() -> Bool

  /// Makes a call that is under way, and every later one, fail soon. The only member for any thread at any time.
  func interrupt()
  func close()
}

extension SQLConnection {
  package func favorThroughput() {}

  package func cursor(_ statement: Statement, in table: Int) throws(SQLFailure) -> any SQLCursor {
    try cursor(statement, in: table, count: 1)
  }
}

/// A prepared statement: bind, send, step through the rows, finish. Positions count from zero.
package protocol SQLCursor: AnyObject {
  func bind(_ digest: RecordDigest?, at position: Int)
  func bind(_ integer: Int64?, at position: Int)
  /// The bytes may not be copied before `send` returns.
  func bind(_ bytes: UnsafeRawBufferPointer, at position: Int)
  func bind(_ kind: RecordKind, at position: Int)
  /// A list, for a statement that looks for many.
  func bind(_ digests: [RecordDigest], at position: Int)
  /// What was bound is one row; the next follows. Only for a statement that writes many.
  func endRow()

  /// Hands the statement over. Its answer is waited for here or by the first step.
  func send() throws(SQLFailure)
  /// Goes to the next row; false after the last.
  func step() throws(SQLFailure) -> Bool
  /// How many rows the statement wrote, once `step` has returned false: also those that it wrote as they were.
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

  /// Goes through what is left, and finishes.
  package func drain() throws(SQLFailure) -> Int {
    defer { finish() }
    while try step() {}
    return changes
  }
}
