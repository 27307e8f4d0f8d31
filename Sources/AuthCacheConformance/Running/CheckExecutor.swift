internal import AuthCache
internal import DequeModule
internal import Foundation
internal import Synchronization

/// A few threads of one check's own, so that a backend that blocks its thread blocks nobody else.
///
/// A check that never gives its threads back is abandoned together with them.
final class CheckExecutor: TaskExecutor {
  private struct State {
    var jobs: Deque<UnownedJob> = []
    var ended = false
  }

  private let condition = NSCondition()
  private let state = Mutex(State())

  init(threads: Int) {
    for _ in 0..<threads {
      let thread = Thread { [self] in work() }
      thread.name = "authcache check"
      thread.start()
    }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    condition.withLock {
      state.withLock { $0.jobs.append(job) }
      condition.signal()
    }
  }

  /// Lets the threads go once nothing is ready. Call it when the check has ended.
  func end() {
    condition.withLock {
      state.withLock { $0.ended = true }
      condition.broadcast()
    }
  }

  private func work() {
    while let job = next() { job.runSynchronously(on: asUnownedTaskExecutor()) }
  }

  private func next() -> UnownedJob? {
    condition.withLock {
      while true {
        let (job, ended) = state.withLock { ($0.jobs.popFirst(), $0.ended) }
        if let job { return job }
        if ended { return nil }
        condition.wait()
      }
    }
  }
}
