import AuthCache
import AuthCacheConformance
import Testing

/// A buffer over the reference model, in one schedule of an exploration.
struct BufferLab: Sendable {
  typealias Bottom = InterceptedBackend<ReferenceBackend>

  let schedule: Schedule
  let probe: DelegateProbe
  let bottom: ReferenceBackend
  let buffer: BufferedBackend<Bottom>

  init(
    _ schedule: Schedule, _ configuration: BufferConfiguration = BufferConfiguration(),
    script: DelegateProbe.Script? = nil
  ) throws {
    self.schedule = schedule
    probe = DelegateProbe(script)
    bottom = ReferenceBackend(clock: schedule.clock)
    buffer = try BufferedBackend(
      over: InterceptedBackend(bottom, by: probe), configuration: configuration, clock: schedule.clock,
      spawner: schedule.spawner)
  }

  /// A session of this lab; the same number, the same id.
  func session(
    _ number: UInt64, revision: UInt64 = 1, accessToken: UInt64? = nil, refreshToken: UInt64? = nil,
    groups: Groups = .none, life: Duration = .seconds(600)
  ) -> Record {
    RecordSamples.record(
      number, revision: revision, expiresAt: schedule.clock.now + life, accessToken: accessToken,
      refreshToken: refreshToken, groups: groups, payload: [UInt8(truncatingIfNeeded: revision)])
  }

  func code(_ number: UInt64, revision: UInt64 = 1) -> Record {
    RecordSamples.record(number, kind: .code, revision: revision, expiresAt: schedule.clock.now + .seconds(600))
  }

  /// What the delegate holds, whatever waits in front of it.
  func stored(_ lookup: Lookup) async throws -> Record? { try await bottom.load(lookup) }

  /// Lets all others go on until they can't, and a millisecond pass.
  func othersWait() async throws { try await schedule.clock.sleep(for: .milliseconds(1)) }
}

/// Runs a scenario in many schedules; a law of races in ten thousand.
func explore(
  _ schedules: Int = 300, floor: Int = 1, seed: UInt64 = 1, maxSteps: Int = 20_000,
  sourceLocation: SourceLocation = #_sourceLocation, _ scenario: @escaping @Sendable (Schedule) async throws -> Void
) async {
  let result = await Exploration(
    seed: seed, schedules: RaceLaws.schedules(schedules), floor: RaceLaws.floor(floor), maxSteps: maxSteps
  ).run(scenario)
  if schedules >= 10_000 { print("schedules of \(Test.current?.displayName ?? "a law"): \(result)") }
  #expect(result.isPassed, "\(result)", sourceLocation: sourceLocation)
}

extension BufferConfiguration {
  /// Waits so long that nothing is flushed by its age.
  static func patient(
    maxBatch: Int = 1_000, capacity: Int = 10_000, reads: Reads = .coherent, queued: Set<RecordKind> = []
  ) -> BufferConfiguration {
    BufferConfiguration(
      maxBatch: maxBatch, maxDelay: .seconds(86_400), capacity: capacity, reads: reads, queued: queued)
  }
}

/// The code and effect of what `body` throws; nil if it does not.
func failure(_ body: () async throws -> Void) async -> Failure? {
  do {
    try await body()
    return nil
  } catch let error as AuthCacheError {
    return Failure(code: error.code, effect: error.effect)
  } catch {
    return Failure(code: .corrupt, effect: .unknown)
  }
}

struct Failure: Equatable, Sendable {
  let code: AuthCacheError.Code
  let effect: AuthCacheError.Effect
}
