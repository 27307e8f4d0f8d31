public import AuthCache

/// What a backend must declare, or a factory offer, before a requirement is asked of it.
public enum Need: Hashable, Sendable, CustomStringConvertible {
  case aliases
  /// The backend keeps no aliases, and must say so.
  case noAliases
  case durability(BackendProperties.Durability)
  case shared
  case linearizable
  case injectedClock
  case sweptExpiry
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

  public static let bulk = Need.capability(.bulk)
  public static let group = Need.capability(.group)
  public static let listing = Need.capability(.listing)
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
  case bulk, group, listing, invalidation

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
