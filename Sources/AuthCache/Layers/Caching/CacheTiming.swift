/// How long what was read from the delegate stays. In milliseconds, worked out once per kind.
struct CacheTiming: Sendable {
  /// The cap while an invalidation source is listened to, and without one.
  let cap: (fed: Int64, alone: Int64)
  let idle: Int64?
  let skew: Int64
  let negative: Int64?

  init(_ policy: CachePolicy, of kind: RecordKind) {
    if let chosen = policy.timeToLive {
      cap = (chosen.wholeMilliseconds, chosen.wholeMilliseconds)
    } else {
      cap = kind == .client ? (300_000, 300_000) : (60_000, 5_000)
    }
    idle = policy.timeToIdle.map(\.wholeMilliseconds)
    skew = max(0, policy.skew.wholeMilliseconds)
    negative = policy.negativeTimeToLive.map(\.wholeMilliseconds).flatMap { $0 > 0 ? $0 : nil }
  }

  /// The most that a read may be behind the delegate, in a cache that has an invalidation source or in one that has none.
  func bound(isFed: Bool) -> Duration { .milliseconds(max(isFed ? cap.fed : 0, cap.alone, negative ?? 0)) }

  /// When a record that was asked for at `begin` leaves the cache: min(its end, begin + cap) − skew.
  func deadline(of record: Record, askedAt begin: Timestamp, isFed: Bool) -> Timestamp {
    let capped = begin + .milliseconds(isFed ? cap.fed : cap.alone)
    return min(record.expiresAt ?? .distantFuture, capped) - .milliseconds(skew)
  }
}
