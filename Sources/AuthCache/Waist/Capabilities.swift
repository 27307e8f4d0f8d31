/// Many records in one unit. Found by `backend as? any BulkBackend`.
///
/// Each operation equals looping the single one in order, except that it is all or nothing. Any number of elements;
/// none is a no-op.
public protocol BulkBackend: AuthCacheBackend {
  /// Stores the records in order; of two with one id the last wins.
  ///
  /// - Throws: as ``AuthCacheBackend/store(_:)``, and then nothing is stored.
  func store(contentsOf records: [Record]) async throws(AuthCacheError)

  /// Removes the records in order.
  ///
  /// - Returns: for each lookup, whether a live record went; a repeated lookup answers false the second time.
  func remove(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Bool]

  /// Loads the records.
  ///
  /// - Returns: for each lookup the live record or nil, in the order of `lookups`.
  func load(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Record?]
}

/// Many single writes at once cost it no more than one bulk call: it gathers them by itself. Found by
/// `backend is any GatheringBackend`.
///
/// So a layer that would gather writes for it, as ``BufferedBackend`` does, passes on at once what has no earlier write
/// of the same record to wait for.
public protocol GatheringBackend: AuthCacheBackend {
  /// Tells this handle that many writes a second are worth more to its owner than the soonest answer, or the least
  /// space, or the fastest read. Promises stay as they are.
  ///
  /// A layer that owns the handle says so before its first write. To say it again changes nothing.
  func favorThroughput()
}

extension GatheringBackend {
  /// Changes nothing: there may be nothing to give up for it.
  public func favorThroughput() {}
}

/// Revocation of everything that belongs together. Found by `backend as? any GroupBackend`.
public protocol GroupBackend: AuthCacheBackend {
  /// Removes every record of `group`, of whatever kind, in one unit.
  ///
  /// - Returns: how many live records went.
  func removeAll(in group: Group) async throws(AuthCacheError) -> Int
}

/// Enumeration in a stable order. Found by `backend as? any ListingBackend`.
public protocol ListingBackend: AuthCacheBackend {
  /// Up to `limit` live records of `kind` whose digest is greater than `after`, in ascending order of digest.
  ///
  /// Pages survive concurrent writes: a record that is live throughout is listed exactly once.
  ///
  /// - Throws: `invalidArgument` if `limit` is not positive.
  func records(
    of kind: RecordKind, after: RecordDigest?, limit: Int
  ) async throws(AuthCacheError) -> [Record]
}

/// One change that caches elsewhere must hear of.
public enum Invalidation: Hashable, Sendable {
  /// The record under this lookup, and under every other digest of it, changed or went.
  case record(Lookup)
  /// Everything of this group went.
  case group(Group)
  /// Something may have been missed. Whoever remembers anything forgets it.
  case gap
}

/// Announces committed changes, by whatever process. Found by `backend as? any InvalidationBackend`.
///
/// Where announcing is an option, a backend conforms whether it is on or off, and ``invalidations()`` throws
/// `unsupported` where it is off.
public protocol InvalidationBackend: AuthCacheBackend {
  /// ``InvalidationStream`` does for most.
  associatedtype Invalidations: AsyncSequence<Invalidation, AuthCacheError> & Sendable

  /// Subscribes to every change that is committed from now on, through this handle or any other, native expiry aside.
  ///
  /// The first element is a gap, and so is whatever stands for changes that were lost. A change is announced after its
  /// commit, under the record's id or another digest of it, and under every alias that it is found by from then on. A
  /// removed group is announced as such or record by record.
  ///
  /// - Returns: announcements for one consumer, until the task that iterates is cancelled or the backend is closed. An
  ///   error ends them too: subscribe anew, and take it for a gap.
  /// - Throws: `unsupported` where nothing is announced, `closed`, `unavailable`, `timeout`.
  func invalidations() async throws(AuthCacheError) -> Invalidations
}
