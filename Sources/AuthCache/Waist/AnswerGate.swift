#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Keeps those who are answered together from running before all of them are.
///
/// A task that is resumed takes the processor from whoever resumes it, ends, and its thread is woken anew for the next
/// one: two switches for each answer. Whoever wakes too early waits here, for a few microseconds.
// Unchecked: the C mutex is made for any thread.
package final class AnswerGate: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

  /// So many wait for each other at most.
  private static let limit = 64

  private init() { pthread_mutex_init(mutex, nil) }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  /// Calls `resume` for each item, with the gate that who is resumed has to wait at; none where there is only one.
  package static func resume<Item>(_ items: [Item], _ resume: (Item, AnswerGate?) -> Void) {
    guard items.count > 1 else {
      for item in items { resume(item, nil) }
      return
    }
    for start in stride(from: 0, to: items.count, by: limit) {
      let gate = AnswerGate()
      pthread_mutex_lock(gate.mutex)
      for item in items[start..<min(start + limit, items.count)] { resume(item, gate) }
      pthread_mutex_unlock(gate.mutex)
    }
  }

  /// Returns once everybody has their answer.
  package func wait() {
    pthread_mutex_lock(mutex)
    pthread_mutex_unlock(mutex)
  }
}
