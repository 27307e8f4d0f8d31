/// Decides which record leaves a full cache.
///
/// A policy is told what comes and goes, not what is read: a hit only marks the record it found. When a place is needed
/// the policy asks ``CacheUsage`` how the records have been used. It is called by one task at a time.
///
/// Records are known to it by their place, a number below the capacity that stays the same while the record is there.
public protocol EvictionPolicy: Sendable {
  /// Whether reads are numbered, so that ``CacheUsage/lastRead(of:)`` orders them. Costs a little at each hit.
  static var ordersReads: Bool { get }

  /// A record came in at `place`. `hash` is the same whenever the record of that id comes.
  mutating func insert(_ place: Int, hash: UInt64, usage: CacheUsage)

  /// What was at `place` went.
  mutating func remove(_ place: Int, usage: CacheUsage)

  /// The place to free for the record of `hash`, which comes next: any that is taken. ``remove(_:usage:)`` follows.
  mutating func victim(for hash: UInt64, usage: CacheUsage) -> Int
}

extension EvictionPolicy {
  public static var ordersReads: Bool { false }
}

/// How the cached records have been used, place by place. Valid during the call that it is handed to.
public struct CacheUsage {
  private let entries: [CacheEntry?]

  init(_ entries: [CacheEntry?]) { self.entries = entries }

  /// How often what is at `place` was read since it came, or since ``takeReads(of:)``. Stops at 15 unless reads are
  /// numbered.
  public func reads(of place: Int) -> Int { entries[place]?.readCount ?? 0 }

  /// The number of the last read of what is at `place`; zero if it was not read. Needs ``EvictionPolicy/ordersReads``.
  public func lastRead(of place: Int) -> UInt64 { entries[place]?.lastReadNumber ?? 0 }

  /// The reads since this was called the last time, which begin from zero again.
  public func takeReads(of place: Int) -> Int { entries[place]?.takeReads() ?? 0 }
}
