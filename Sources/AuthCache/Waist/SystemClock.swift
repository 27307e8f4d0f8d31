internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The system's clock, held back from ever going backwards within this process.
///
/// `now` reads `CLOCK_REALTIME`. `coarseNow` reads `CLOCK_REALTIME_COARSE` where there is one (Linux, see
/// clock_gettime(2)) and adds that clock's granularity, 4 ms on most kernels.
public struct SystemClock: AuthCacheClock {
  /// The clock of the system.
  public init() {}

  public var now: Timestamp { Self.latest.raised(to: Self.read(CLOCK_REALTIME)) }

  public var coarseNow: Timestamp {
    #if os(Linux)
    Self.latestCoarse.raised(to: Self.read(CLOCK_REALTIME_COARSE) + Self.coarseGranularity)
    #else
    now
    #endif
  }

  public func sleep(until deadline: Timestamp) async throws {
    while case let remaining = now.duration(to: deadline), remaining > .zero {
      // Bounded, so that a clock set forward by the administrator is noticed.
      try await Task.sleep(for: min(remaining, .seconds(60)))
    }
  }

  private static let latest = HighWaterMark()

  #if os(Linux)
  private static let latestCoarse = HighWaterMark()

  private static let coarseGranularity: Int64 = {
    var resolution = timespec()
    guard clock_getres(CLOCK_REALTIME_COARSE, &resolution) == 0 else { return 10 }
    return Int64(resolution.tv_sec) * 1_000 + (Int64(resolution.tv_nsec) + 999_999) / 1_000_000
  }()
  #endif

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
  }
}

extension AuthCacheClock where Self == SystemClock {
  /// The system's clock.
  public static var system: SystemClock { SystemClock() }
}

/// The largest reading so far. Written only when the reading grows, so at most once a millisecond.
private final class HighWaterMark: Sendable {
  private let mark = Atomic<Int64>(.min)

  func raised(to reading: Int64) -> Timestamp {
    let seen = mark.load(ordering: .relaxed)
    if reading == seen { return Timestamp(millisecondsSinceEpoch: reading) }
    if reading < seen { return Timestamp(millisecondsSinceEpoch: seen) }
    let (_, raised) = mark.max(reading, ordering: .relaxed)
    return Timestamp(millisecondsSinceEpoch: raised)
  }
}
