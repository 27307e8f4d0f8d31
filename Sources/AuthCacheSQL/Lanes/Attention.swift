#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Looks for something a moment long before its thread goes to sleep: to be woken takes longer than most waits.
///
/// Whoever else could run goes first. Where looking was in vain it is left out for a while, so that a database that
/// takes its time, or has nothing to do, costs nothing.
package struct Attention {
  private let span: Duration
  private var pause = 0

  package init(_ span: Duration) { self.span = span }

  /// - Returns: whether it is there.
  @discardableResult
  package mutating func look(_ isThere: () -> Bool) -> Bool {
    if isThere() { return true }
    guard pause == 0 else {
      pause -= 1
      return false
    }
    let end = Monotonic.now + span
    while Monotonic.now < end {
      sched_yield()
      if isThere() { return true }
    }
    pause = 16
    return false
  }
}
