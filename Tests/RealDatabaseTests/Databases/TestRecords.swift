import AuthCache
import Synchronization
import Testing

func record(
  _ number: UInt64, kind: RecordKind = .code, revision: UInt64 = 1, clock: any AuthCacheClock = .system,
  life: Duration = .seconds(3_600), aliases: Aliases = .none, groups: Groups = .none, payload: Payload? = nil
) -> Record {
  let now = clock.now
  return Record(
    kind: kind, digest: digest(number), revision: revision, createdAt: now, expiresAt: now + life, aliases: aliases,
    groups: groups, payload: payload ?? Payload([UInt8(truncatingIfNeeded: number), 0x00, 0xA7, 0x5E]))
}

func digest(_ number: UInt64) -> RecordDigest { RecordDigest(words: (number << 48, 1, 2, number)) }

/// What `body` throws, if it does.
func failure(of body: () async throws -> Void) async throws -> AuthCacheError? {
  do {
    try await body()
    return nil
  } catch let error as AuthCacheError {
    return error
  }
}

/// Waits for what servers and other tasks do.
func until(
  _ condition: () async throws -> Bool, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
  let end = ContinuousClock.now + .seconds(90)
  while try await !condition() {
    guard ContinuousClock.now < end else { throw StillWaiting(at: "\(sourceLocation)") }
    try await Task.sleep(for: .milliseconds(2))
  }
}

/// What a test waits for has not come.
struct StillWaiting: Error {
  let at: String
}

/// A number that tasks raise together.
final class Count: Sendable {
  private let number = Atomic(0)
  var value: Int { number.load(ordering: .relaxed) }
  func add() { number.add(1, ordering: .relaxed) }
}
