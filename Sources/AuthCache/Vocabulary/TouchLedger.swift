internal import Synchronization

/// Which sessions this process extended lately, so that many requests at once, or a cache that is a little behind, do
/// not write one touch twice.
///
/// Bounded: when it is full it forgets what is over, and then everything, which costs one more write for each session.
final class TouchLedger: Sendable {
  struct Claim: Sendable {
    let digest: RecordDigest
    let end: Timestamp
  }

  private let ends = Mutex<[RecordDigest: (end: Timestamp, touchedAt: Timestamp)]>([:])
  private let capacity: Int

  init(capacity: Int = 10_000) { self.capacity = capacity }

  /// How many sessions it knows of.
  var count: Int { ends.withLock { $0.count } }

  /// The right to extend a session from `expiresAt` to `end`, or nil if that gains less than `interval` over what is
  /// stored or was claimed already.
  func claim(
    _ digest: RecordDigest, from expiresAt: Timestamp, to end: Timestamp, interval: Duration, at now: Timestamp
  ) -> Claim? {
    // Nothing to gain by what the record itself says: the usual case, and no lock.
    guard Self.isDue(end, after: expiresAt, interval) else { return nil }
    return ends.withLock { ends in
      if let claimed = ends[digest], !Self.isDue(end, after: claimed.end, interval) { return nil }
      if ends.count >= capacity, ends[digest] == nil {
        ends = ends.filter { $0.value.touchedAt + interval > now }
        if ends.count >= capacity { ends = [:] }
      }
      ends[digest] = (end, now)
      return Claim(digest: digest, end: end)
    }
  }

  /// Undoes a claim whose write failed.
  func giveBack(_ claim: Claim) {
    ends.withLock { ends in
      if ends[claim.digest]?.end == claim.end { ends[claim.digest] = nil }
    }
  }

  private static func isDue(_ end: Timestamp, after earlier: Timestamp, _ interval: Duration) -> Bool {
    end > earlier && earlier + interval <= end
  }
}
