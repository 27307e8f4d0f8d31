internal import AuthCache
internal import AuthCacheConformance
internal import Foundation

/// One case of `bench`, or a few that are measured together.
struct Benchmark: Sendable {
  /// What was found.
  struct Finding: Sendable {
    var cases: [BenchReport.Case]
    var hitRatios: [HitRatio] = []
  }

  /// What it is called after `--only`.
  let name: String
  let backend: String
  let run: @Sendable (BenchmarkScale) async throws -> Finding

  init(name: String, backend: String, run: @escaping @Sendable (BenchmarkScale) async throws -> BenchReport.Case) {
    self.init(name: name, backend: backend) { scale in Finding(cases: [try await run(scale)]) }
  }

  init(name: String, backend: String, run: @escaping @Sendable (BenchmarkScale) async throws -> Finding) {
    (self.name, self.backend, self.run) = (name, backend, run)
  }
}

/// How much is done, and with which numbers.
struct BenchmarkScale: Sendable {
  let isQuick: Bool
  let seed: UInt64
  /// Where recorded traces are, if any.
  var traces: URL?

  var rounds: Int { isQuick ? 3 : 9 }

  /// `full`, or a tenth of it.
  func count(_ full: Int) -> Int { isQuick ? max(1, full / 10) : full }
}

/// Two sides that take turns, so that whatever slows the machine slows both.
enum Rounds {
  /// - Parameters:
  ///   - operations: How many operations one call of a side does.
  /// - Returns: the time of one operation in each round, in nanoseconds, of both sides.
  static func alternate(
    _ rounds: Int, operations: (measured: Int, raw: Int), measured: () async throws -> Void,
    raw: () async throws -> Void
  ) async throws -> (measured: [Double], raw: [Double]) {
    var times: (measured: [Double], raw: [Double]) = ([], [])
    try await measured()
    try await raw()
    for round in 0..<rounds {
      try Task.checkCancellation()
      if round.isMultiple(of: 2) {
        times.measured.append(try await nanoseconds(measured) / Double(operations.measured))
        times.raw.append(try await nanoseconds(raw) / Double(operations.raw))
      } else {
        times.raw.append(try await nanoseconds(raw) / Double(operations.raw))
        times.measured.append(try await nanoseconds(measured) / Double(operations.measured))
      }
    }
    return times
  }

  static func nanoseconds(_ body: () async throws -> Void) async throws -> Double {
    let clock = ContinuousClock()
    let begin = clock.now
    try await body()
    return (clock.now - begin) / .nanoseconds(1)
  }
}

/// Records that follow from a seed.
struct BenchmarkRecords {
  let entropy: SeededEntropy
  let now = SystemClock().now

  init(seed: UInt64) { entropy = SeededEntropy(seed: seed) }

  func digest() -> RecordDigest {
    RecordDigest(words: (entropy.next(), entropy.next(), entropy.next(), entropy.next()))
  }

  /// A record with 300 bytes of payload; a new value every time.
  func record(_ digest: RecordDigest? = nil, life: Duration = .seconds(86_400)) -> Record {
    Record(
      kind: .session, digest: digest ?? self.digest(), revision: entropy.next(), createdAt: now,
      expiresAt: now + life, payload: Payload(entropy.bytes(Self.payload)))
  }

  static let payload = 300
}

/// Keeps an answer from being optimised away.
@inline(never) func consumed<Value>(_ value: Value) {}
