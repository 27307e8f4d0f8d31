/// How the records of one kind are cached. Works untouched.
///
/// ```swift
/// var configuration = CachingConfiguration()
/// configuration.sessions.timeToLive = .seconds(2)
/// configuration.clients.eviction = .leastRecentlyUsed
/// ```
public struct CachePolicy: Sendable {
  /// False passes every call straight through.
  public var enabled: Bool
  /// How many records are kept at most; with zero none are.
  public var capacity: Int
  /// The longest that a record is served without asking the delegate. Nil leaves it to the kind: 5 minutes for
  /// clients; for others 60 s while an invalidation source is listened to, else 5 s.
  public var timeToLive: Duration?
  /// How long after it was last read a record leaves; nil never.
  public var timeToIdle: Duration?
  /// How long an absence is remembered; nil never.
  public var negativeTimeToLive: Duration?
  /// How many absences are remembered at most.
  public var negativeCapacity: Int
  /// By how much a record leaves before its time, in case this process's clock is slow.
  public var skew: Duration
  /// What leaves when the cache is full.
  public var eviction: Eviction

  /// Everything has a default; see the properties.
  public init(
    enabled: Bool = true, capacity: Int = 10_000, timeToLive: Duration? = nil, timeToIdle: Duration? = nil,
    negativeTimeToLive: Duration? = nil, negativeCapacity: Int = 1_000, skew: Duration = .seconds(1),
    eviction: Eviction = .tinyLFU
  ) {
    self.enabled = enabled
    self.capacity = capacity
    self.timeToLive = timeToLive
    self.timeToIdle = timeToIdle
    self.negativeTimeToLive = negativeTimeToLive
    self.negativeCapacity = negativeCapacity
    self.skew = skew
    self.eviction = eviction
  }

  /// Nothing is cached.
  public static let disabled = CachePolicy(enabled: false)

  /// Which record leaves a full cache.
  public struct Eviction: Sendable {
    /// The order, for caches that are made elsewhere and given the same policy.
    public enum Order: Sendable, Hashable {
      /// ``Eviction/tinyLFU``.
      case tinyLFU
      /// ``Eviction/leastRecentlyUsed``.
      case leastRecentlyUsed
      /// ``Eviction/leastFrequentlyUsed``.
      case leastFrequentlyUsed
      /// A policy of one's own.
      case custom
    }

    /// Which of the known orders it is.
    public let order: Order
    let make: @Sendable (_ capacity: Int) -> any EvictionPolicy

    /// Whatever makes a policy of one's own for a cache of that capacity.
    public init(_ make: @escaping @Sendable (_ capacity: Int) -> any EvictionPolicy) { self.init(.custom, make) }

    private init(_ order: Order, _ make: @escaping @Sendable (_ capacity: Int) -> any EvictionPolicy) {
      self.order = order
      self.make = make
    }

    /// By frequency over a window that slides, behind a small window by recency: see ``TinyLFU``. The default.
    public static let tinyLFU = Eviction(.tinyLFU) { TinyLFU(capacity: $0) }
    /// Whatever was not read for the longest time.
    public static let leastRecentlyUsed = Eviction(.leastRecentlyUsed) { _ in LeastRecentlyUsed() }
    /// Whatever was read the fewest times since it came; among equals, what was not read for the longest time.
    public static let leastFrequentlyUsed = Eviction(.leastFrequentlyUsed) { _ in LeastFrequentlyUsed() }
  }
}

/// What a ``CachingBackend`` caches, kind by kind.
///
/// Sessions and clients are cached. The kinds that are used once (`state`, `verifier`, `code`, `spentRefresh`) never
/// are, whatever is configured, and neither are lookups by refresh token: what may be used once is decided at the
/// authority.
public struct CachingConfiguration: Sendable {
  /// How sessions are cached. Default: up to 10,000, no absences.
  public var sessions: CachePolicy
  /// How clients are cached. Default: up to 10,000, and absences for 2 s.
  public var clients: CachePolicy
  /// The policies of kinds of your own; a kind that is not named is not cached.
  public var others: [RecordKind: CachePolicy]
  /// How long ``AuthCacheBackend/close()`` waits for the delegate's own close before it goes on without it. Longer than
  /// that takes, so that what the delegate has to say is heard.
  public var closeDeadline: Duration

  /// Everything has a default; see the properties.
  public init(
    sessions: CachePolicy = CachePolicy(), clients: CachePolicy = CachePolicy(negativeTimeToLive: .seconds(2)),
    others: [RecordKind: CachePolicy] = [:], closeDeadline: Duration = .seconds(30)
  ) {
    self.sessions = sessions
    self.clients = clients
    self.others = others
    self.closeDeadline = closeDeadline
  }

  /// A pure pass-through.
  public static let disabled = CachingConfiguration(sessions: .disabled, clients: .disabled)

  private static let oneTime: Set<RecordKind> = [.state, .verifier, .code, .spentRefresh]

  /// The policies that have an effect, in an order that does not depend on a hash.
  var effective: [(kind: RecordKind, policy: CachePolicy)] {
    var all = others.filter { !Self.oneTime.contains($0.key) }
    all[.session] = sessions
    all[.client] = clients
    return all.filter { $0.value.enabled && $0.value.capacity > 0 }
      .sorted { ($0.key == .session ? 0 : 1, $0.key) < ($1.key == .session ? 0 : 1, $1.key) }
      .map { ($0.key, $0.value) }
  }
}
