/// The waist: what a store of short-lived secrets does, whatever it is made of.
///
/// Implement it over your own store and run the conformance kit on it. Nine operations, none with a default body,
/// because the atomicity of each is the point. A layer, such as a cache or a write buffer, is a backend too.
///
/// - Every operation judges a record live if and only if `expiresAt > now` on the injected clock.
/// - A backend that can't answer throws; it never answers "absent".
/// - After ``close()`` every operation throws `closed`.
/// - A cancelled operation is done or not done, and throws `cancelled` with its effect if it does not return.
/// - A record with aliases, or a lookup by one, throws `unsupported` where ``BackendProperties/aliases`` is false.
/// - A payload above ``BackendProperties/maxPayload`` throws `tooLarge` before anything is written.
/// - An error names the operation and, where there is one, the kind of record.
///
/// What every backend decides in the same way is there to be called: ``Record/isLive(at:)``, ``Record/extended(to:)``,
/// and for arguments the `validate` methods of ``BackendProperties`` and
/// ``AuthCacheError/validateSweep(through:limit:at:)``, which throw what has to be thrown.
public protocol AuthCacheBackend: Sendable {
  /// What this backend promises beyond the operations. Constant for its lifetime.
  var properties: BackendProperties { get }

  /// Writes `record`, replacing what is under its id whole. The aliases of the replaced record find nothing.
  ///
  /// - Throws: `conflict` if another live record holds one of the aliases; nothing changes then. An expired holder
  ///   loses its alias silently.
  func store(_ record: Record) async throws(AuthCacheError)

  /// Writes `record` unless a live one has its id. One conditional write: of N racers one gets true.
  ///
  /// - Returns: false if a live record has that id, which is then untouched.
  /// - Throws: `conflict` as ``store(_:)``.
  func insert(_ record: Record) async throws(AuthCacheError) -> Bool

  /// The live record, or nil. Changes nothing that anyone can see.
  func load(_ lookup: Lookup) async throws(AuthCacheError) -> Record?

  /// Takes the live record away and hands it to at most one caller. Afterwards it is absent under every alias.
  func consume(_ lookup: Lookup) async throws(AuthCacheError) -> Record?

  /// Compare-and-swap on the revision: puts `next` in place of the live record under `current`'s id if that still has
  /// `current.revision`. Never inserts.
  ///
  /// - Returns: false, with nothing changed, if the record is absent, expired or has another revision.
  /// - Throws: `invalidArgument` unless `next` has `current`'s kind and id; `conflict` as ``store(_:)``.
  func replace(_ current: Record, with next: Record) async throws(AuthCacheError) -> Bool

  /// Raises the end of a live record to `expiresAt`, and never lowers it. Payload and revision stay. Never revives.
  ///
  /// - Returns: true if the record is live, also if its end is later already or it never expires.
  func extend(_ lookup: Lookup, to expiresAt: Timestamp) async throws(AuthCacheError) -> Bool

  /// Makes the record absent. To remove what is absent is no error.
  ///
  /// - Returns: true if a live record went.
  func remove(_ lookup: Lookup) async throws(AuthCacheError) -> Bool

  /// Removes records with `expiresAt <= cutoff`, at most `limit` of them. Safe beside every other operation and in
  /// many processes at once.
  ///
  /// - Returns: how many of each kind went. Zero from a store that expires by itself.
  /// - Throws: `invalidArgument` if `cutoff` is later than now or `limit` is negative.
  func removeExpired(through cutoff: Timestamp, limit: Int) async throws(AuthCacheError) -> ExpiredCounts

  /// Ends the backend: every accepted write is persisted or named, and no thread, connection, lock or task is left.
  ///
  /// Idempotent: a repeat answers as the first call did. Runs to its end, or its deadline, even if the caller is
  /// cancelled.
  ///
  /// - Throws: `drainIncomplete` with counts per kind if something accepted was not written.
  func close() async throws(AuthCacheError)
}
