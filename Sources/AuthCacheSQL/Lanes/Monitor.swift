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
  private let anybody = Condition()
  private var state: State
  /// How many threads wait for any change, so that a change nobody waits for wakes nobody.
  private var waiting = 0

  package init(_ state: sending State) {
    self.state = state
    pthread_mutex_init(mutex, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  /// Runs `body` under the lock. Nothing that blocks or calls out belongs into it.
  package func withLock<Result>(_ body: (inout State) -> Result) -> Result {
    lock()
    defer { pthread_mutex_unlock(mutex) }
    return body(&state)
  }

  /// Nobody holds it for long: to be woken takes longer than to try again.
  private func lock() {
    for _ in 0..<100 where pthread_mutex_trylock(mutex) == 0 { return }
    pthread_mutex_lock(mutex)
  }

  /// Runs `body` under the lock and wakes whoever waits for any change.
  package func change<Result>(_ body: (inout State) -> Result) -> Result {
    lock()
    defer { pthread_mutex_unlock(mutex) }
    let result = body(&state)
    if waiting > 0 { anybody.broadcast() }
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
      if let deadline, deadline <= .now { return nil }
      waiting += 1
      anybody.wait(mutex, until: deadline)
      waiting -= 1
    }
  }

  /// Blocks the calling thread until `body` returns something, looking again whenever `condition` is signalled and at
  /// the instant that `body` asks for.
  package func wait<Result>(on condition: Condition, _ body: (inout State) -> Waiting<Result>) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      switch body(&state) {
      case .over(let result): return result
      case .until(let deadline): condition.wait(mutex, until: deadline)
      }
    }
  }

  /// What somebody who waits makes of the state.
  package enum Waiting<Result> {
    case over(Result)
    /// Look again then, or when signalled.
    case until(Monotonic?)
  }
}

/// What one thread waits for, under the lock of a monitor.
// Unchecked: the C condition variable is made for any thread.
package final class Condition: @unchecked Sendable {
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  package init() {
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
    condition.deallocate()
  }

  package func signal() { pthread_cond_signal(condition) }

  fileprivate func broadcast() { pthread_cond_broadcast(condition) }

  fileprivate func wait(_ mutex: UnsafeMutablePointer<pthread_mutex_t>, until deadline: Monotonic?) {
    guard let deadline else {
      pthread_cond_wait(condition, mutex)
      return
    }
    let left = deadline - .now
    guard left > .zero else { return }
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
