internal import AuthCache
internal import Synchronization

/// One subscription of a check, and what is heard over it.
final class Listening: Sendable {
  typealias Reaction = @Sendable (Invalidation) async -> Void

  private let log = HeardLog()
  private let task: Task<Void, Never>

  init(_ announcements: some AsyncSequence<Invalidation, AuthCacheError> & Sendable, _ react: @escaping Reaction) {
    task = Task { [log] in
      do throws(AuthCacheError) {
        for try await invalidation in announcements {
          log.note(invalidation)
          await react(invalidation)
        }
        log.end(nil)
      } catch {
        log.end(error)
      }
    }
  }

  deinit { task.cancel() }

  var first: Invalidation? { log.first }
  var hasEnded: Bool { log.hasEnded }

  func cancel() { task.cancel() }

  /// What was heard so far counts no more.
  func forget() { log.forget() }

  /// Whether whoever remembers `record` has been told to forget it.
  func hasHeard(_ record: Record) -> Bool {
    log.heard { heard in
      heard.contains(.gap) || record.lookups.contains { heard.contains(.record($0)) }
        || record.groups.all.contains { heard.contains(.group($0)) }
    }
  }

  var hasHeardGap: Bool { log.heard { $0.contains(.gap) } }

  /// Whether whoever remembers that nothing is under `lookup` has been told to forget that.
  func hasHeard(_ lookup: Lookup) -> Bool { log.heard { $0.contains(.gap) || $0.contains(.record(lookup)) } }
}

/// What a subscriber has heard.
private final class HeardLog: Sendable {
  private struct State {
    var first: Invalidation?
    var heard: Set<Invalidation> = []
    var hasEnded = false
  }

  private let state = Mutex(State())

  var first: Invalidation? { state.withLock { $0.first } }
  var hasEnded: Bool { state.withLock { $0.hasEnded } }

  func note(_ invalidation: Invalidation) {
    state.withLock { state in
      if state.first == nil { state.first = invalidation } else { state.heard.insert(invalidation) }
    }
  }

  func end(_ error: AuthCacheError?) { state.withLock { $0.hasEnded = true } }

  func forget() { state.withLock { $0.heard = [] } }

  func heard(_ condition: (Set<Invalidation>) -> Bool) -> Bool { state.withLock { condition($0.heard) } }
}

extension Trial {
  /// The subject's announcements. Ends the check if a declared capability is gone.
  func announcer(_ backend: any AuthCacheBackend) throws -> any InvalidationBackend {
    try require(backend as? any InvalidationBackend, "the backend conforms to InvalidationBackend")
  }

  /// Subscribes, and listens from when the answer is called.
  func subscribe(
    to backend: any AuthCacheBackend, _ react: @escaping Listening.Reaction = { _ in }
  ) async throws -> () -> Listening {
    try await Self.subscribe(to: try announcer(backend), react)
  }

  private static func subscribe(
    to backend: some InvalidationBackend, _ react: @escaping Listening.Reaction
  ) async throws -> () -> Listening {
    let announcements = try await backend.invalidations()
    return { Listening(announcements, react) }
  }

  /// Listens, from the first element on.
  func listen(
    to backend: any AuthCacheBackend, _ react: @escaping Listening.Reaction = { _ in }
  ) async throws -> Listening {
    let listening = try await subscribe(to: backend, react)()
    try await until("the subscription begins with a gap") { listening.first != nil }
    return listening
  }

  /// A handle that changes and one that listens; the same where a second one is another store.
  func changerAndListener() async throws -> (any AuthCacheBackend, any AuthCacheBackend) {
    let changer = try await open()
    return (changer, properties.shared ? try await open() : changer)
  }

  /// Waits until everything announced before has been heard, and forgets it.
  func settle(_ listening: Listening, _ changer: any AuthCacheBackend) async throws {
    let mark = record(life: .seconds(86_400))
    try await changer.store(mark)
    try await until("a store is announced") { listening.hasHeard(mark) }
    listening.forget()
  }

  /// Lets time pass, for those that look for changes now and then, until `condition` holds. Ends the check if it does
  /// not within three seconds.
  func until(
    _ message: String, file: StaticString = #fileID, line: UInt = #line, _ condition: () async throws -> Bool
  ) async throws {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(3)
    while try await !condition() {
      guard clock.now < end else {
        fail(message, expected: "within three seconds", found: "not so", file: file, line: line)
        throw CheckEnded()
      }
      (environment.clock as? VirtualClock)?.advance(by: .milliseconds(20))
      try await Task.sleep(for: .milliseconds(1))
    }
  }
}
