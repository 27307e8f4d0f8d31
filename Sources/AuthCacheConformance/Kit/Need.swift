public import AuthCache

/// What a backend must declare, or a factory offer, before a requirement is asked of it.
public enum Need: Hashable, Sendable, CustomStringConvertible {
  /// The backend keeps aliases.
  case aliases
  /// The backend keeps no aliases, and must say so.
  case noAliases
  /// An acknowledged write survives at least that.
  case durability(BackendProperties.Durability)
  /// Another handle or process sees the same store.
  case shared
  /// Reads are never stale.
  case linearizable
  /// The backend goes by the clock it is given.
  case injectedClock
  /// What has expired stays until it is swept.
  case sweptExpiry
  /// The backend has that optional power.
  case capability(Capability)
  /// There is a cache: the stack has one, or the factory makes its own.
  case cache
  /// The factory says how to open the same store again after a close.
  case reopen
  /// The factory can hurt its store.
  case faults
  /// The factory can spoil what its store holds.
  case corruption
  /// The factory can look into its store.
  case probe
  /// The factory can remove a namespace.
  case destroy
  /// The check starts child processes, which needs an executable.
  case child

  /// The backend is a `BulkBackend`.
  public static let bulk = Need.capability(.bulk)
  /// The backend is a `GroupBackend`.
  public static let group = Need.capability(.group)
  /// The backend is a `ListingBackend`.
  public static let listing = Need.capability(.listing)
  /// The backend is an `InvalidationBackend`.
  public static let invalidation = Need.capability(.invalidation)

  public var description: String {
    switch self {
    case .aliases: "aliases"
    case .noAliases: "no aliases"
    case .durability(let level): "durability.\(level.rawValue)"
    case .shared: "shared"
    case .linearizable: "linearizable"
    case .injectedClock: "clock.injected"
    case .sweptExpiry: "expiry.swept"
    case .capability(let capability): capability.rawValue
    case .cache: "cache"
    case .reopen: "reopen"
    case .faults: "faults"
    case .corruption: "corruption"
    case .probe: "probe"
    case .destroy: "destroy"
    case .child: "child"
    }
  }
}

/// An optional power of a backend, found by conformance.
public enum Capability: String, Hashable, Sendable, CaseIterable, Codable, Comparable {
  /// `BulkBackend`.
  case bulk
  /// `GroupBackend`.
  case group
  /// `ListingBackend`.
  case listing
  /// `InvalidationBackend`.
  case invalidation

  /// The capabilities that `backend` conforms to.
  public static func all(of backend: any AuthCacheBackend) -> Set<Capability> {
    var all: Set<Capability> = []
    if backend is any BulkBackend { all.insert(.bulk) }
    if backend is any GroupBackend { all.insert(.group) }
    if backend is any ListingBackend { all.insert(.listing) }
    if backend is any InvalidationBackend { all.insert(.invalidation) }
    return all
  }

  public static func < (a: Capability, b: Capability) -> Bool { a.rawValue < b.rawValue }
}
