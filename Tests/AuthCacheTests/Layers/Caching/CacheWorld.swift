import AuthCache
import AuthCacheConformance
import Logging
import Synchronization

/// A cache over a memory backend whose calls are counted, on a clock that stands still.
struct CacheWorld: Sendable {
  let clock = VirtualClock(startingAt: Timestamp(millisecondsSinceEpoch: 1_000_000_000_000))
  let store: MemoryBackend
  let calls: CallWatch
  let delegate: InterceptedBackend<MemoryBackend>
  let cache: CachingBackend<InterceptedBackend<MemoryBackend>>

  init(_ configuration: CachingConfiguration = CachingConfiguration(), invalidatedBy source: InvalidationSource? = nil)
  {
    store = MemoryBackend(clock: clock)
    calls = CallWatch()
    delegate = InterceptedBackend(store, by: calls)
    cache = CachingBackend(
      over: delegate, configuration: configuration, invalidatedBy: source, clock: clock,
      logger: .silent)
  }

  /// With one policy for sessions.
  init(sessions: CachePolicy) { self.init(CachingConfiguration(sessions: sessions)) }

  var now: Timestamp { clock.now }

  func session(
    _ number: UInt64, revision: UInt64 = 1, life: Duration? = .seconds(3_600), accessToken: UInt64? = nil,
    refreshToken: UInt64? = nil, groups: Groups = .none
  ) -> Record {
    RecordSamples.record(
      number, revision: revision, expiresAt: life.map { now + $0 }, accessToken: accessToken,
      refreshToken: refreshToken, groups: groups)
  }

  func client(_ number: UInt64, life: Duration? = nil) -> Record {
    RecordSamples.record(number, kind: .client, expiresAt: life.map { now + $0 })
  }
}

/// Counts the calls that reach the delegate, and may do something before one is carried out.
final class CallWatch: BackendInterceptor {
  typealias Hook = @Sendable (BackendCall, _ number: Int) async throws(AuthCacheError) -> Void

  private let counts = Mutex<[AuthCacheError.Operation: Int]>([:])
  private let hook = Mutex<Hook?>(nil)

  func intercept(_ call: BackendCall, proceed: BackendProceed) async throws(AuthCacheError) -> BackendAnswer {
    let number = counts.withLock { counts in
      counts[call.operation, default: 0] += 1
      return counts.values.reduce(0, +)
    }
    if let hook = hook.withLock({ $0 }) { try await hook(call, number) }
    return try await proceed(call)
  }

  subscript(operation: AuthCacheError.Operation) -> Int { counts.withLock { $0[operation] ?? 0 } }

  var loads: Int { self[.load] }

  func before(_ hook: Hook?) { self.hook.withLock { $0 = hook } }
}

extension Logger {
  /// Keeps what thousands of schedules would log to itself.
  static let silent = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
}

extension AuthCacheError {
  static func outage(_ operation: Operation) -> AuthCacheError {
    AuthCacheError(.unavailable, operation: operation, "out of order")
  }
}

/// Opens once. Whoever waits before goes on then.
final class Door: Sendable {
  private let stream = AsyncStream<Void>.makeStream()
  func open() { stream.continuation.finish() }
  func pass() async { for await _ in stream.stream {} }
}
