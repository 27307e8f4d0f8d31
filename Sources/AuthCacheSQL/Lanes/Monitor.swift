#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// State under a lock that threads, not tasks, can wait on.
// Unchecked: `state` is touched only between the lock and the unlock of the C mutex.
package final class Monitor<State>: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var state: State
  /// How many threads wait, so that a change nobody waits for wakes nobody.
  private var waiting = 0

  package init(_ state: sending State) {
    self.state = state
    pthread_mutex_init(mutex, nil)
    #if canImport(Darwin)
    pthread_cond_init(condition, nil)
    #else
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
    #endif
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Runs `body` under the lock. Nothing that blocks or calls out belongs into it.
  package func withLock<Result>(_ body: (inout State) -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body(&state)
  }

  /// Runs `body` under the lock and wakes whoever waits.
  package func change<Result>(_ body: (inout State) -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    let result = body(&state)
    if waiting > 0 { pthread_cond_broadcast(condition) }
    return result
  }

  /// Blocks the calling thread until `body` returns something, looking again after every change.
  ///
  /// - Returns: nil if the deadline has passed.
  package func wait<Result>(until deadline: Monotonic? = nil, _ body: (inout State) -> Result?) -> Result? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = body(&state) { return result }
      waiting += 1
      defer { waiting -= 1 }
      guard let deadline else {
        pthread_cond_wait(condition, mutex)
        continue
      }
      let left = deadline - .now
      guard left > .zero else { return nil }
      #if canImport(Darwin)
      var duration = timespec(
        tv_sec: Int(left.wholeNanoseconds / 1_000_000_000), tv_nsec: Int(left.wholeNanoseconds % 1_000_000_000))
      pthread_cond_timedwait_relative_np(condition, mutex, &duration)
      #else
      var instant = timespec(
        tv_sec: Int(deadline.nanoseconds / 1_000_000_000), tv_nsec: Int(deadline.nanoseconds % 1_000_000_000))
      pthread_cond_timedwait(condition, mutex, &instant)
      #endif
    }
  }
}
