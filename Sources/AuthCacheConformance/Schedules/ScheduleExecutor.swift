internal import AuthCache
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Keeps what is ready to run in a bag, from which the driver takes one piece at a time on its own thread.
///
/// Task groups, `async let` and actors without an executor of their own stay here. A job that arrives from another
/// thread was woken by code that left this executor; it is noted as an escape.
final class ScheduleExecutor: TaskExecutor {
  /// Something that can go on: a job of the runtime, or a task that waits at a schedule point.
  enum Ready {
    case job(UnownedJob)
    case point(UnsafeContinuation<Void, Never>)
  }

  private struct State {
    /// In order of arrival; the last is what would go on by itself.
    var ready: [Ready] = []
    /// While a task is taken from its schedule point, the job that its continuation hands in belongs right here.
    var resumed: UnownedJob?
    var isResuming = false
  }

  private let state = Mutex(State())
  private let driver = pthread_self()
  private let escapes: EscapeFlag

  init(escapes: EscapeFlag) { self.escapes = escapes }

  /// Whether the calling code runs on the driver's thread.
  var isCurrent: Bool { pthread_equal(pthread_self(), driver) != 0 }

  var readyCount: Int { state.withLock { $0.ready.count } }

  var hasEscaped: Bool { escapes.isUp }

  func noteEscape() { escapes.raise() }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let foreign = !isCurrent
    if foreign { noteEscape() }
    state.withLock { state in
      if state.isResuming, !foreign {
        state.resumed = job
        state.isResuming = false
      } else {
        state.ready.append(.job(job))
      }
    }
  }

  /// Puts the calling task into the bag until the driver picks it.
  func park() async {
    await withUnsafeContinuation { continuation in
      state.withLock { $0.ready.append(.point(continuation)) }
    }
  }

  /// Runs one piece: the one `choice` places before the last that became ready.
  func run(choice: Int) {
    let ready = state.withLock { state in
      let ready = state.ready.remove(at: state.ready.count - 1 - choice)
      if case .point = ready { state.isResuming = true }
      return ready
    }
    switch ready {
    case .job(let job):
      job.runSynchronously(on: asUnownedTaskExecutor())
    case .point(let continuation):
      continuation.resume()
      let job = state.withLock { state in
        defer { state.resumed = nil }
        state.isResuming = false
        return state.resumed
      }
      job?.runSynchronously(on: asUnownedTaskExecutor())
    }
  }
}
