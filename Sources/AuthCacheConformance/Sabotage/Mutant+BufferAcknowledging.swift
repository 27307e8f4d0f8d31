internal import AuthCache

extension Mutant {
  /// Buffers that tell their callers something else than what was done, or pass what they should not.
  static let bufferAcknowledging: [Mutant] = [
    .buffer(
      "buffer-bulk-passes-it", "Bulk operations go to the store, past what waits.", boundTo: "buffer.bulk.afterWaiting",
      above: { delegate, call, proceed async throws(AuthCacheError) in
        switch call {
        case .storeContents, .loadContents, .removeContents: try await delegate.perform(call)
        default: try await proceed(call)
        }
      }),
    .buffer(
      "buffer-listings-pass-it", "Listings go to the store, past what waits.", boundTo: "buffer.listing.seesWaiting",
      above: { delegate, call, proceed async throws(AuthCacheError) in
        if case .records = call { return try await delegate.perform(call) }
        return try await proceed(call)
      }),
    Mutant(
      "buffer-gives-up-the-loop", "Where the store takes one record at a time, the first failure ends the flush.",
      boundTo: "buffer.fallback.parity", alsoBreaks: ["buffer.failure.alone", "buffer.failure.exactly"],
      factory: { name in
        BackendFactory(name) { environment in MemoryBackend(clock: environment.clock) }
          .layered(
            by: LayerFactories { parts in
              var sabotaged = parts
              let failure = Memo<AuthCacheError?>(nil)
              sabotaged.delegate = parts.delegate.intercepted(
                by: Sabotage(
                  clock: parts.clock,
                  answer: { call, _, proceed async throws(AuthCacheError) in
                    guard case .store = call else { return try await proceed(call) }
                    if let error = failure.with({ $0 }) { throw error }
                    do throws(AuthCacheError) { return try await proceed(call) } catch {
                      if error.code == .conflict { failure.with { $0 = error } }
                      throw error
                    }
                  }))
              return try sabotaged.bundled()
            })
      }),
    .buffer(
      "buffer-repeats-inserts", "An insert whose answer was lost is sent again, and answers that it came too late.",
      boundTo: "buffer.failure.everyCall",
      above: { _, call, proceed async throws(AuthCacheError) in
        do throws(AuthCacheError) { return try await proceed(call) } catch {
          guard case .insert = call, error.code == .timeout else { throw error }
          return try await proceed(call)
        }
      }),
    Mutant(
      "buffer-tells-the-wrong-one", "The error of a flush is told to whoever comes next.",
      boundTo: "buffer.failure.exactly",
      alsoBreaks: [
        "buffer.failure.everyCall", "buffer.failure.told", "buffer.failure.doubtIsNotRepeated", "buffer.failure.kept",
        "buffer.failure.alone", "buffer.fallback.parity", "buffer.drain.whileWriting",
      ],
      factory: { name in
        BackendFactory(name) { environment in MemoryBackend(clock: environment.clock) }
          .layered(
            by: LayerFactories { parts in
              let failure = Memo<AuthCacheError?>(nil)
              return try parts.bundled().sabotaged(
                by: Sabotage(
                  clock: parts.clock,
                  answer: { call, _, proceed async throws(AuthCacheError) in
                    let told = failure.with { failure in
                      defer { failure = nil }
                      return failure
                    }
                    if let told { throw told }
                    do throws(AuthCacheError) { return try await proceed(call) } catch {
                      failure.with { $0 = error }
                      throw error
                    }
                  }))
            })
      }),
    acknowledgingAtOnce(
      "buffer-acknowledges-at-once", "A store returns when it is in the queue, whatever its kind.",
      alsoBreaks: [
        "buffer.flush.fullBatch", "buffer.flush.delay", "buffer.flush.delayFromFirst", "buffer.failure.told",
        "buffer.failure.doubtIsNotRepeated", "buffer.failure.everyCall", "buffer.drain.whileWriting",
      ]
    ) { call in
      if case .store(let record) = call, record.kind == .code { .done } else { nil }
    },
    acknowledgingAtOnce(
      "buffer-acknowledges-removals-at-once", "A removal returns when it is in the queue.",
      alsoBreaks: ["buffer.order.removeWins", "buffer.failure.told", "buffer.failure.everyCall"]
    ) { call in
      if case .remove = call { .flag(true) } else { nil }
    },
    .buffer(
      "buffer-undoes-extends", "What waits for a record is written after it was extended.",
      boundTo: "buffer.decide.afterWaiting", alsoBreaks: ["buffer.failure.everyCall"],
      above: { _, call, proceed async throws(AuthCacheError) in
        guard case .extend(let lookup, _) = call else { return try await proceed(call) }
        let waiting = try await proceed(.load(lookup))
        let answer = try await proceed(call)
        if case .record(let record?) = waiting { _ = try await proceed(.store(record)) }
        return answer
      }),
    Mutant(
      "buffer-keys-by-digest", "Of the writes that wait, two under one digest are one.",
      boundTo: "buffer.coalesce.wholeKey",
      factory: { name in
        BackendFactory(name) { environment in MemoryBackend(clock: environment.clock) }
          .layered(
            by: LayerFactories { parts in
              let kinds = Memo<[RecordDigest: RecordKind]>([:])
              return try parts.bundled().sabotaged(
                by: Sabotage(
                  clock: parts.clock,
                  answer: { call, _, proceed async throws(AuthCacheError) in
                    guard case .store(let record) = call else { return try await proceed(call) }
                    let kind = kinds.with { kinds in
                      kinds[record.digest] = kinds[record.digest] ?? record.kind
                      return kinds[record.digest]
                    }
                    return kind == record.kind ? try await proceed(call) : .done
                  }))
            })
      }),
    .buffer(
      "buffer-queues-what-is-told", "Any kind may be queued.", boundTo: "buffer.acknowledge.notOneTime",
      configure: { $0.queued.subtract([.state, .verifier, .code, .spentRefresh]) }),
    .buffer(
      "buffer-never-lets-pass", "Reads flush what waits, also where they are to go past it.",
      boundTo: "buffer.read.bypass", configure: { $0.reads = .coherent }),
    Mutant(
      "buffer-puts-off-its-timer", "Each write starts the delay anew.", boundTo: "buffer.flush.delayFromFirst",
      factory: { name in
        BackendFactory(name) { environment in MemoryBackend(clock: environment.clock) }
          .layered(
            by: LayerFactories { parts in
              let writes = Memo(0)
              let putOff = LayerFactories.BufferParts(
                delegate: parts.delegate, configuration: parts.configuration,
                clock: PutOffClock(base: parts.clock, writes: writes), spawner: parts.spawner)
              return try putOff.bundled().sabotaged(
                by: Sabotage(
                  clock: parts.clock,
                  answer: { call, _, proceed async throws(AuthCacheError) in
                    if case .store = call { writes.with { $0 += 1 } }
                    return try await proceed(call)
                  }))
            })
      }),
    Mutant(
      "buffer-sends-removals-last", "Removals are gathered apart, and sent after the stores that came later.",
      boundTo: "buffer.order.storeAfterRemove", alsoBreaks: ["buffer.failure.everyCall"],
      factory: { name in
        BackendFactory(name) { environment in MemoryBackend(clock: environment.clock) }
          .layered(
            by: LayerFactories { parts in
              let removed = Memo<Set<Lookup>>([])
              return try parts.bundled().sabotaged(
                by: Sabotage(
                  clock: parts.clock,
                  answer: { call, _, proceed async throws(AuthCacheError) in
                    if case .remove(let lookup) = call { _ = removed.with { $0.insert(lookup) } }
                    let answer = try await proceed(call)
                    if case .store(let record) = call, removed.with({ $0.remove(record.id) }) != nil {
                      _ = try await proceed(.remove(record.id))
                    }
                    return answer
                  }))
            })
      }),
    Mutant(
      "buffer-forgets-its-timer", "A task that waits for the delay goes on after close.",
      boundTo: "buffer.drain.leavesNoTask",
      factory: { name in
        BackendFactory(name) { environment in MemoryBackend(clock: environment.clock) }
          .layered(
            by: LayerFactories { parts in
              try parts.bundled().sabotaged(
                by: Sabotage(
                  clock: parts.clock,
                  answer: { call, clock, proceed async throws(AuthCacheError) in
                    if case .store = call {
                      parts.spawner.spawn { try? await clock.sleep(for: .seconds(86_400)) }
                    }
                    return try await proceed(call)
                  }))
            })
      }),
  ]
}

extension Mutant {
  /// A memory backend whose buffer answers before it has done what it was asked.
  private static func acknowledgingAtOnce(
    _ name: String, _ mistake: String, alsoBreaks: Set<String>,
    _ answer: @escaping @Sendable (BackendCall) -> BackendAnswer?
  ) -> Mutant {
    Mutant(name, mistake, boundTo: "buffer.acknowledge.persisted", alsoBreaks: alsoBreaks) { name in
      BackendFactory(name) { environment in MemoryBackend(clock: environment.clock) }
        .layered(
          by: LayerFactories { parts in
            let buffer = try parts.bundled()
            return buffer.sabotaged(
              by: Sabotage(
                clock: parts.clock,
                answer: { call, _, proceed async throws(AuthCacheError) in
                  guard let early = answer(call) else { return try await proceed(call) }
                  parts.spawner.spawn { _ = try? await buffer.perform(call) }
                  return early
                }))
          })
    }
  }
}

/// Whoever sleeps on it sleeps once more for as long if something was written meanwhile.
private struct PutOffClock: AuthCacheClock {
  let base: any AuthCacheClock
  let writes: Memo<Int>

  var now: Timestamp { base.now }

  func sleep(until deadline: Timestamp) async throws {
    var (seen, end) = (writes.with { $0 }, deadline)
    let delay = now.duration(to: deadline)
    try await base.sleep(until: end)
    while writes.with({ $0 }) != seen {
      seen = writes.with { $0 }
      end = end + delay
      try await base.sleep(until: end)
    }
  }
}
