#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// An instant on a clock that nobody sets: how long a thread has waited for a lock, a queue or a disk.
///
/// What a record's life is judged by is the injected clock, never this one.
package struct Monotonic: Comparable, Sendable {
  package let nanoseconds: Int64

  package static var now: Monotonic { read(CLOCK_MONOTONIC) }

  /// A few milliseconds late, and far cheaper: good enough to notice what is slow.
  package static var coarse: Monotonic {
    #if os(Linux)
    read(CLOCK_MONOTONIC_COARSE)
    #else
    now
    #endif
  }

  package static func < (a: Monotonic, b: Monotonic) -> Bool { a.nanoseconds < b.nanoseconds }

  package static func + (instant: Monotonic, duration: Duration) -> Monotonic {
    let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
    return Monotonic(nanoseconds: overflow ? .max : sum)
  }

  package static func - (a: Monotonic, b: Monotonic) -> Duration { .nanoseconds(a.nanoseconds - b.nanoseconds) }

  private static func read(_ clock: clockid_t) -> Monotonic {
    var time = timespec()
    clock_gettime(clock, &time)
    return Monotonic(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }
}

extension Duration {
  /// Whole nanoseconds, stopped at the end of the range; negative durations count as none.
  package var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    guard self > .zero else { return 0 }
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow else { return .max }
    let (sum, overflowed) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
    return overflowed ? .max : sum
  }
}
