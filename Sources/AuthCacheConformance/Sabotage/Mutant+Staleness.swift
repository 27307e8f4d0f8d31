internal import AuthCache

extension Mutant {
  static let staleness: [Mutant] = [
    .journal(
      "cache-outlives-its-bound", "What was read is served for the rest of its life, and five seconds are declared.",
      boundTo: "record.read.staleWithinBound"
    ) { environment in remembering(on: environment) { record, _, _ in record } },
    .journal(
      "reads-renew-the-cache", "Each read of what is remembered begins its five seconds anew.",
      boundTo: "record.read.staleWithinBound"
    ) { environment in
      remembering(on: environment) { record, age, renew in
        guard age < .seconds(5) else { return nil }
        renew()
        return record
      }
    },
  ]

  /// A handle that remembers what it read until it writes, and serves what `serve` says. Declares five seconds.
  private static func remembering(
    on environment: BackendEnvironment,
    serving serve: @escaping @Sendable (_ record: Record, _ age: Duration, _ renew: () -> Void) -> Record?
  ) -> Sabotage {
    let seen = Memo<[Lookup: (record: Record, since: Timestamp)]>([:])
    return Sabotage(
      clock: environment.clock,
      declare: { properties in
        var properties = properties
        properties.consistency = .stale(.seconds(5))
        return properties
      },
      answer: { call, clock, proceed async throws(AuthCacheError) in
        guard case .load(let lookup) = call else {
          seen.with { $0 = [:] }
          return try await proceed(call)
        }
        let now = clock.now
        let served = seen.with { seen -> Record? in
          guard let (record, since) = seen[lookup], record.isLive(at: now) else { return nil }
          return serve(record, since.duration(to: now)) { seen[lookup] = (record, now) }
        }
        if let served { return .record(served) }
        let answer = try await proceed(call)
        if case .record(let found?) = answer { seen.with { $0[lookup] = (found, now) } }
        return answer
      })
  }
}
