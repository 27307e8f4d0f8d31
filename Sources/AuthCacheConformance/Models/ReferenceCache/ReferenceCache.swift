internal import AuthCache
internal import Synchronization

/// The smallest cache that keeps the contract, behind one lock. The chapter about caches holds of it too, so nothing in
/// that is peculiar to the bundled one; and with a flaw it is what that chapter must catch.
final class ReferenceCache<Delegate: AuthCacheBackend>: CachingLayer {
  let delegate: Delegate
  let clock: any AuthCacheClock
  let flaw: CacheFlaw?
  private let bound: Duration?
  private let memory: Mutex<CacheMemory>
  private let listener = Mutex<Task<Void, Never>?>(nil)

  init(_ parts: LayerFactories.CacheParts, over delegate: Delegate, flaw: CacheFlaw?) {
    self.delegate = delegate
    self.flaw = flaw
    clock = parts.clock
    let memory = CacheMemory(parts.configuration, flaw)
    bound = memory.policies.filter { $0.value.enabled }.map { kind, policy in
      max(policy.timeToLive ?? .seconds(kind == .client ? 300 : 60), policy.negativeTimeToLive ?? .zero)
    }.max()
    self.memory = Mutex(memory)
    if let source = parts.source { listen(to: source, parts.spawner) }
  }

  var properties: BackendProperties {
    var properties = delegate.properties
    guard var bound, flaw != .claimsItsStoresConsistency else { return properties }
    if flaw == .understatesItsBound { bound = bound / 2 }
    if case .stale(let below) = properties.consistency { bound += below }
    properties.consistency = .stale(bound)
    return properties
  }

  func with<Result: Sendable>(_ body: (inout CacheMemory) -> Result) -> Result { memory.withLock { body(&$0) } }

  func counts(of kind: RecordKind) -> CacheCounts { with { $0.counts[kind] ?? CacheCounts() } }
  func cachedCount(of kind: RecordKind) -> Int { with { $0.count(of: kind) } }
  func rememberedCount(of kind: RecordKind) -> Int { with { $0.absenceCount(of: kind) } }
  func flush() { with { $0.dropAll() } }

  // MARK: Reading

  private enum Course: Sendable {
    case answer(Record?)
    case fail(AuthCacheError)
    case lead(Flight)
    case follow(Flight)
    /// Lets another key's call end first.
    case wait(Flight)
    case pass
  }

  func load(_ lookup: Lookup) async throws(AuthCacheError) -> Record? {
    guard let policy = with({ $0.policy(of: lookup) }) else { return try await delegate.load(lookup) }
    var isCounted = false
    while true {
      switch course(of: lookup, policy, isCounted: isCounted) {
      case .answer(let record):
        guard flaw == .copiesItsAnswers, let record else { return record }
        return record.replacing(revision: record.revision, payload: Payload(record.payload.bytes))
      case .fail(let error): throw error
      case .pass: return try await delegate.load(lookup)
      case .lead(let flight): return try await lead(flight, lookup, policy)
      case .wait(let flight): _ = await flight.follow()
      case .follow(let flight):
        if flaw == .countsFollowersAsLoads { with { $0.tally(lookup.kind) { $0.loads += 1 } } }
        switch await follow(flight) {
        case .answer(let record):
          if flaw == .letsJoinOldCalls || with({ $0.writes }) == flight.generation { return record }
        case .cancelled:
          throw AuthCacheError(.cancelled, operation: .load, kind: lookup.kind, "cancelled while waiting")
        case .handedOver:
          guard flaw == .sharesCancellation else { break }
          throw AuthCacheError(.cancelled, operation: .load, kind: lookup.kind, "the leader was cancelled")
        case .failed:
          guard flaw == .sharesFailure else { break }
          throw AuthCacheError(.unavailable, operation: .load, kind: lookup.kind, "the leader failed")
        }
      }
      isCounted = true
    }
  }

  private func course(of lookup: Lookup, _ policy: CachePolicy, isCounted: Bool) -> Course {
    let now = clock.now
    return with { memory in
      if memory.isClosed, flaw != .servesAfterClose { return .pass }
      if let error = memory.failures[lookup] { return .fail(error) }
      let found = memory.find(lookup, policy, at: now)
      memory.tally(lookup.kind) { counts in
        switch found {
        case .record: counts.hits += flaw == .countsHitsTwice ? 2 : isCounted ? 0 : 1
        case .absent: counts.negativeHits += isCounted ? 0 : 1
        case .unknown: counts.misses += isCounted ? 0 : 1
        }
      }
      switch found {
      case .record(let record): return .answer(record)
      case .absent: return .answer(nil)
      case .unknown: break
      }
      if flaw == .joinsByDigestAlone,
        let flight = memory.flights.first(where: { $0.key.digest == lookup.digest })?.value
      {
        return .follow(flight)
      }
      if let flight = memory.flights[lookup], flaw != .letsEveryoneAsk { return .follow(flight) }
      if flaw == .asksOneAtATime, let flight = memory.flights.values.first { return .wait(flight) }
      let flight = Flight(generation: memory.writes)
      memory.flights[lookup] = flight
      memory.tally(lookup.kind) { $0.loads += 1 }
      return .lead(flight)
    }
  }

  private func follow(_ flight: Flight) async -> Flight.Landing {
    guard flaw == .holdsTheCancelled else { return await flight.follow() }
    return await UnstructuredTasks().spawn { await flight.follow() }.value
  }

  private func lead(
    _ flight: Flight, _ lookup: Lookup, _ policy: CachePolicy
  ) async throws(AuthCacheError) -> Record? {
    let begin = clock.now
    let (isFed, hadRoom) = with { ($0.isFed, $0.hasRoom(lookup.kind)) }
    do throws(AuthCacheError) {
      let record = try await ask(lookup)
      if flaw == .takesTheCancelledForAbsent, Task.isCancelled {
        end(flight, lookup, .answer(nil))
        return record
      }
      var generation = flight.generation
      if flaw == .looksBeforeItKeeps, with({ $0.writes }) == generation {
        await Task.yield()
        generation = with { $0.writes }
      }
      keep(record, for: lookup, policy, since: generation, askedAt: begin, isFed: isFed, hadRoom: hadRoom)
      end(flight, lookup, .answer(record))
      return record
    } catch {
      if flaw == .takesErrorsForMisses {
        keep(nil, for: lookup, policy, since: flight.generation, askedAt: begin, isFed: isFed, hadRoom: hadRoom)
      }
      if flaw == .keepsTheCorrupt, error.code == .corrupt { with { $0.failures[lookup] = error } }
      if flaw != .leavesFailedCallsStanding {
        end(flight, lookup, error.code == .cancelled ? .handedOver : .failed)
      }
      if flaw == .servesTheOldInAnOutage, let old = with({ $0.old(lookup) }) { return old }
      throw error
    }
  }

  private func ask(_ lookup: Lookup) async throws(AuthCacheError) -> Record? {
    do throws(AuthCacheError) { return try await delegate.load(lookup) } catch {
      guard flaw == .repeatsFailedReads, error.code == .timeout else { throw error }
      return try await delegate.load(lookup)
    }
  }

  private func end(_ flight: Flight, _ lookup: Lookup, _ landing: Flight.Landing) {
    with { if $0.flights[lookup] === flight { $0.flights[lookup] = nil } }
    flight.land(landing)
  }

  /// Keeps what the store answered, unless something was written since.
  func keep(
    _ answer: Record?, for lookup: Lookup, _ policy: CachePolicy, since generation: UInt64, askedAt begin: Timestamp,
    isFed: Bool, hadRoom: Bool = false, isBulk: Bool = false
  ) {
    let now = clock.now
    with { memory in
      if memory.isClosed, flaw != .fillsAfterClose { return }
      let isOld = memory.writes != generation
      let isForgiven =
        flaw == .keepsOldFills || flaw == .keepsOldBulkFills && isBulk || flaw == .keepsOldMisses && answer == nil
        || flaw == .fillsAfterClose && memory.isClosed
      if isOld, !isForgiven { return }
      memory.keep(answer, for: lookup, policy, askedAt: begin, isFed: isFed, at: now, hadRoom: hadRoom)
    }
  }

  // MARK: The end

  private func listen(to source: InvalidationSource, _ spawner: any TaskSpawner) {
    let task = spawner.spawn { [weak self] in
      while !Task.isCancelled {
        guard let clock = self?.clock else { return }
        try? await source.hear { [weak self] invalidation in self?.heard(invalidation) }
        self?.sourceEnded()
        do { try await clock.sleep(for: .seconds(1)) } catch { return }
      }
    }
    listener.withLock { $0 = task }
  }

  private func heard(_ invalidation: Invalidation) {
    with { memory in
      if flaw == .keepsWhatCameMeanwhile, !memory.isFed, invalidation == .gap {
        memory.isFed = true
        return
      }
      memory.isFed = true
      memory.writes += 1
      let before = memory.writes
      defer { if flaw == .letsFillsThroughGaps, invalidation == .gap { memory.writes = before - 1 } }
      switch invalidation {
      case .record(let lookup): if flaw != .hearsOfIdsOnly || lookup.field == .id { memory.drop(lookup) }
      case .group(let group): memory.drop(group)
      case .gap: if flaw != .overhearsGaps { memory.dropAll() }
      }
    }
  }

  private func sourceEnded() {
    with { memory in
      if flaw == .overhearsItsSourcesEnd { return }
      memory.isFed = false
      memory.dropAll()
    }
  }

  func close() async throws(AuthCacheError) {
    with { memory in
      if flaw != .servesAfterClose { memory.dropAll() }
      memory.isClosed = true
    }
    if let task = listener.withLock({ $0 }), flaw != .leavesItsListener {
      task.cancel()
      await task.value
    }
    if flaw != .leavesTheStoreOpen { try await delegate.close() }
  }
}

extension LayerFactories.CacheParts {
  /// A ``ReferenceCache`` made of these parts.
  func reference(_ flaw: CacheFlaw? = nil) -> any CachingLayer { reference(flaw, over: delegate) }

  private func reference(_ flaw: CacheFlaw?, over delegate: some AuthCacheBackend) -> any CachingLayer {
    ReferenceCache(self, over: delegate, flaw: flaw)
  }
}
