/// What a backend promises beyond the operations themselves. The conformance kit checks each promise both ways.
public struct BackendProperties: Hashable, Sendable {
  /// Lookups by access and refresh token. Without it such lookups and records throw `unsupported`.
  public var aliases: Bool
  /// What an acknowledged write survives.
  public var durability: Durability
  /// A second handle, or process, on the same address sees what the first wrote.
  public var shared: Bool
  /// How old what a read answers may be.
  public var consistency: Consistency
  /// Who removes what has expired.
  public var expiry: Expiry
  /// Whose clock decides what is live.
  public var clock: ClockSource
  /// The largest payload in bytes, at least 64 KiB. One byte more throws `tooLarge` before anything is sent.
  public var maxPayload: Int

  /// What a backend promises; see the properties.
  public init(
    aliases: Bool, durability: Durability, shared: Bool, consistency: Consistency = .linearizable,
    expiry: Expiry = .swept, clock: ClockSource = .injected, maxPayload: Int = 1 << 20
  ) {
    self.aliases = aliases
    self.durability = durability
    self.shared = shared
    self.consistency = consistency
    self.expiry = expiry
    self.clock = clock
    self.maxPayload = maxPayload
  }

  /// What an acknowledged write survives. Each level includes the ones before it.
  public enum Durability: String, Hashable, Sendable, Comparable, CaseIterable {
    /// Nothing.
    case none
    /// `kill -9` of this process.
    case process
    /// The loss of the server or of the machine's power.
    case server

    public static func < (a: Durability, b: Durability) -> Bool { a.rank < b.rank }
    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  }

  /// What a read sees of the writes before it.
  public enum Consistency: Hashable, Sendable, CustomStringConvertible {
    /// Every operation takes effect at one instant between its call and its return.
    case linearizable
    /// A caller sees its own writes.
    case readYourWrites
    /// A read may be this much behind.
    case stale(Duration)

    public var description: String {
      switch self {
      case .linearizable: "linearizable"
      case .readYourWrites: "readYourWrites"
      case .stale(let bound): "stale(\(bound.wholeMilliseconds) ms)"
      }
    }
  }

  /// Who removes expired records.
  public enum Expiry: String, Hashable, Sendable {
    /// `removeExpired` does.
    case swept
    /// The store does by itself; `removeExpired` may answer zero.
    case native
  }

  /// Whose clock decides.
  public enum ClockSource: Hashable, Sendable, CustomStringConvertible {
    /// The clock that the backend was made with.
    case injected
    /// The store's own, which can't be moved; it may be this coarse.
    case real(granularity: Duration)

    public var description: String {
      switch self {
      case .injected: "injected"
      case .real(let granularity): "real(\(granularity.wholeMilliseconds) ms)"
      }
    }
  }
}
