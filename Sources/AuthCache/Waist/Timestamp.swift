/// An instant: milliseconds since the Unix epoch, as they are stored.
public struct Timestamp: Hashable, Sendable, Comparable {
  /// Milliseconds since 1970-01-01 00:00 UTC, without leap seconds.
  public let millisecondsSinceEpoch: Int64

  /// The instant so many milliseconds after 1970-01-01 00:00 UTC.
  public init(millisecondsSinceEpoch: Int64) { self.millisecondsSinceEpoch = millisecondsSinceEpoch }

  /// Later than every instant that a record can carry.
  public static let distantFuture = Timestamp(millisecondsSinceEpoch: .max)

  @inlinable
  public static func < (a: Timestamp, b: Timestamp) -> Bool { a.millisecondsSinceEpoch < b.millisecondsSinceEpoch }

  /// The instant `duration` later; stops at the ends of the range instead of overflowing.
  public func advanced(by duration: Duration) -> Timestamp {
    let (sum, overflow) = millisecondsSinceEpoch.addingReportingOverflow(duration.wholeMilliseconds)
    guard overflow else { return Timestamp(millisecondsSinceEpoch: sum) }
    return Timestamp(millisecondsSinceEpoch: duration < .zero ? .min : .max)
  }

  /// How much later `other` is; negative if it is earlier.
  public func duration(to other: Timestamp) -> Duration {
    let (difference, overflow) = other.millisecondsSinceEpoch.subtractingReportingOverflow(millisecondsSinceEpoch)
    guard overflow else { return .milliseconds(difference) }
    return .milliseconds(other > self ? Int64.max : Int64.min)
  }

  /// The instant that much later; at the far end of time, that end.
  public static func + (timestamp: Timestamp, duration: Duration) -> Timestamp { timestamp.advanced(by: duration) }
  /// The instant that much earlier; at the far end of time, that end.
  public static func - (timestamp: Timestamp, duration: Duration) -> Timestamp {
    timestamp.advanced(by: .milliseconds(-duration.wholeMilliseconds.clampedAboveMinimum))
  }
}

extension Timestamp: CustomStringConvertible {
  public var description: String { "\(millisecondsSinceEpoch) ms" }
}

extension Duration {
  /// The duration in milliseconds, rounded towards negative infinity, stopped at the ends of `Int64`.
  public var wholeMilliseconds: Int64 {
    let (seconds, attoseconds) = components
    let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
    guard !overflow else { return seconds < 0 ? .min : .max }
    let perMillisecond: Int64 = 1_000_000_000_000_000
    let (quotient, remainder) = attoseconds.quotientAndRemainder(dividingBy: perMillisecond)
    let fraction = remainder < 0 ? quotient - 1 : quotient
    let (sum, overflowed) = milliseconds.addingReportingOverflow(fraction)
    return overflowed ? (seconds < 0 ? .min : .max) : sum
  }
}

extension Int64 {
  fileprivate var clampedAboveMinimum: Int64 { Swift.max(self, -.max) }
}
