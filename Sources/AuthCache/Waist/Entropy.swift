internal import Synchronization

/// Where random bits come from: revisions, tokens and jitter all take them from an injected source.
public protocol EntropySource: Sendable {
  /// Sixty-four random bits.
  func next() -> UInt64
}

extension EntropySource {
  /// `count` random bytes.
  public func bytes(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count {
      withUnsafeBytes(of: next()) { word in bytes.append(contentsOf: word.prefix(count - bytes.count)) }
    }
    return bytes
  }
}

/// The system's cryptographically secure generator (getrandom(2) on Linux).
public struct SystemEntropy: EntropySource {
  /// The system's generator.
  public init() {}

  public func next() -> UInt64 {
    var generator = SystemRandomNumberGenerator()
    return generator.next()
  }
}

/// A reproducible source for tests: the same seed gives the same bits. Never for tokens that protect anything.
public final class SeededEntropy: EntropySource {
  private let state: Mutex<SeededGenerator>

  /// The bits that follow from `seed`.
  public init(seed: UInt64) { state = Mutex(SeededGenerator(seed: seed)) }

  public func next() -> UInt64 { state.withLock { $0.next() } }
}

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014).
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// The numbers that follow from `seed`.
  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
