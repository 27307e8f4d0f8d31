internal import AuthCache
internal import AuthCacheSQL

/// Stands in for a statement that writes many rows where the server takes one at a time: each row is sent as it ends.
final class RepeatedCursor: SQLCursor {
  private let cursor: any SQLCursor
  private var failure: SQLFailure?
  private(set) var changes = 0
  /// The bytes of the row's payload are its owner's only until the row ends.
  init(_ cursor: any SQLCursor) { self.cursor = cursor }

  func bind(_ digest: RecordDigest?, at position: Int) { cursor.bind(digest, at: position) }
  func bind(_ integer: Int64?, at position: Int) { cursor.bind(integer, at: position) }
  func bind(_ bytes: UnsafeRawBufferPointer, at position: Int) { cursor.bind(bytes, at: position) }
  func bind(_ kind: RecordKind, at position: Int) { cursor.bind(kind, at: position) }
  func bind(_ digests: [RecordDigest], at position: Int) { cursor.bind(digests, at: position) }

  func endRow() {
    guard failure == nil else { return }
    do throws(SQLFailure) {
      try cursor.send()
      changes += try cursor.drain()
    } catch {
      failure = error
    }
  }

  func send() throws(SQLFailure) {
    guard let failure else { return }
    self.failure = nil
    throw failure
  }

  func step() -> Bool { false }
  func digest(at column: Int) throws(SQLFailure) -> RecordDigest? { throw .misplacedAnswer }
  func integer(at column: Int) throws(SQLFailure) -> Int64? { throw .misplacedAnswer }
  func bytes(at column: Int) throws(SQLFailure) -> [UInt8] { throw .misplacedAnswer }
  func text(at column: Int) throws(SQLFailure) -> String { throw .misplacedAnswer }
  func finish() { cursor.finish() }
}
