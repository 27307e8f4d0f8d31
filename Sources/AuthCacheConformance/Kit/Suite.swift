/// A chapter of the contract. The order is that of the table of contents.
public enum Suite: String, Sendable, CaseIterable, Codable, Comparable {
  /// Records.
  case records
  /// One-time states and codes.
  case oneTime = "one-time"
  /// Redemption and replay.
  case redemption
  /// Expiry and pruning.
  case expiry
  /// Sessions and aliases.
  case sessions
  /// Rotation and reuse.
  case rotation
  /// Groups.
  case groups
  /// Clients and listing.
  case clients
  /// Keys and isolation.
  case keys
  /// Concurrency.
  case concurrency
  /// Shutdown drain.
  case shutdown
  /// Error propagation.
  case errors
  /// Bulk and fallback parity.
  case bulk
  /// Durability.
  case durability
  /// Secrecy.
  case secrecy
  /// Lifecycle.
  case lifecycle
  /// The write buffer.
  case buffer
  /// Invalidation.
  case invalidation
  /// The read cache.
  case cache

  /// The chapter's heading.
  public var title: String {
    switch self {
    case .records: "Records"
    case .oneTime: "One-time states and codes"
    case .redemption: "Redemption and replay"
    case .expiry: "Expiry and pruning"
    case .sessions: "Sessions and aliases"
    case .rotation: "Rotation and reuse"
    case .groups: "Groups"
    case .clients: "Clients and listing"
    case .keys: "Keys and isolation"
    case .concurrency: "Concurrency"
    case .shutdown: "Shutdown drain"
    case .errors: "Error propagation"
    case .bulk: "Bulk and fallback parity"
    case .durability: "Durability"
    case .secrecy: "Secrecy"
    case .lifecycle: "Lifecycle"
    case .buffer: "Write buffer"
    case .invalidation: "Invalidation"
    case .cache: "Read cache"
    }
  }

  public static func < (a: Suite, b: Suite) -> Bool { a.rank < b.rank }
  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
