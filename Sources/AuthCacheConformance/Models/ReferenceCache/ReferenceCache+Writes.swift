internal import AuthCache

extension ReferenceCache {
  func store(_ record: Record) async throws(AuthCacheError) {
    do throws(AuthCacheError) {
      try await dropping([.record(record)]) { () async throws(AuthCacheError) in try await delegate.store(record) }
      let now = clock.now
      if flaw == .writesThrough {
        with { memory in
          guard let policy = memory.policy(of: record.id) else { return }
          memory.keep(record, for: record.id, policy, askedAt: now, isFed: false, at: now, hadRoom: false)
        }
      }
    } catch { if flaw != .swallowsFailedWrites { throw error } }
  }

  func insert(_ record: Record) async throws(AuthCacheError) -> Bool {
    if flaw == .insertsByMemory, case .record = known(record.id) { return false }
    return try await dropping([.record(record)]) { () async throws(AuthCacheError) in
      try await delegate.insert(record)
    }
  }

  func consume(_ lookup: Lookup) async throws(AuthCacheError) -> Record? {
    if flaw == .consumesFromMemory, case .record(let record) = known(lookup) {
      _ = try await remove(lookup)
      return record
    }
    return try await dropping([.lookup(lookup)]) { () async throws(AuthCacheError) in
      let record = try await delegate.consume(lookup)
      if let record { drop([.record(record)]) }
      return record
    }
  }

  func replace(_ current: Record, with next: Record) async throws(AuthCacheError) -> Bool {
    if flaw == .replaceKeepsTheOld { return try await delegate.replace(current, with: next) }
    return try await dropping([.record(current), .record(next)]) { () async throws(AuthCacheError) in
      try await delegate.replace(current, with: next)
    }
  }

  func extend(_ lookup: Lookup, to expiresAt: Timestamp) async throws(AuthCacheError) -> Bool {
    if flaw == .extendKeepsTheOld { return try await delegate.extend(lookup, to: expiresAt) }
    if flaw == .leavesOutIdleExtends, case .record(let record) = known(lookup),
      record.expiresAt.map({ $0 >= expiresAt }) ?? true
    {
      return true
    }
    return try await dropping([.lookup(lookup)]) { () async throws(AuthCacheError) in
      try await delegate.extend(lookup, to: expiresAt)
    }
  }

  func remove(_ lookup: Lookup) async throws(AuthCacheError) -> Bool {
    if flaw == .removesByMemory, case .absent = known(lookup) { return false }
    return try await dropping([.lookup(lookup)]) { () async throws(AuthCacheError) in
      try await delegate.remove(lookup)
    }
  }

  func removeExpired(through cutoff: Timestamp, limit: Int) async throws(AuthCacheError) -> ExpiredCounts {
    try await delegate.removeExpired(through: cutoff, limit: limit)
  }

  /// What a write concerns.
  enum Concern: Sendable {
    case lookup(Lookup)
    case record(Record)
    case group(Group)
  }

  /// Drops what `concerns` say, before `write` and after it, whatever comes of it.
  func dropping<Answer>(
    _ concerns: [Concern], _ write: () async throws(AuthCacheError) -> Answer
  ) async throws(AuthCacheError) -> Answer {
    if flaw != .dropsOnlyAfterwards, flaw != .dropsOnlyOnSuccess { drop(concerns) }
    do throws(AuthCacheError) {
      let answer = try await write()
      if flaw != .dropsOnlyBefore { drop(concerns) }
      return answer
    } catch {
      if flaw != .dropsOnlyBefore, flaw != .dropsOnlyOnSuccess { drop(concerns) }
      throw error
    }
  }

  func drop(_ concerns: [Concern]) {
    with { memory in
      memory.writes += 1
      for concern in concerns {
        switch concern {
        case .lookup(let lookup): memory.drop(lookup)
        case .record(let record):
          for lookup in record.lookups where flaw != .dropsOnlyUnderItsId || lookup.field == .id {
            memory.drop(lookup)
          }
        case .group(let group):
          memory.drop(group)
          if flaw == .keepsFillsOfGrants, group.role == .grant { memory.writes -= 1 }
        }
      }
    }
  }

  private func known(_ lookup: Lookup) -> CacheMemory.Answer {
    let now = clock.now
    return with { memory in
      guard let policy = memory.policy(of: lookup) else { return .unknown }
      return memory.find(lookup, policy, at: now)
    }
  }
}

extension ReferenceCache: BulkBackend where Delegate: BulkBackend {
  func store(contentsOf records: [Record]) async throws(AuthCacheError) {
    if flaw == .bulkWritesPassIt { return try await delegate.store(contentsOf: records) }
    try await dropping(records.map { .record($0) }) { () async throws(AuthCacheError) in
      try await delegate.store(contentsOf: records)
    }
  }

  func remove(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Bool] {
    if flaw == .bulkWritesPassIt { return try await delegate.remove(contentsOf: lookups) }
    return try await dropping(lookups.map { .lookup($0) }) { () async throws(AuthCacheError) in
      try await delegate.remove(contentsOf: lookups)
    }
  }

  func load(contentsOf lookups: [Lookup]) async throws(AuthCacheError) -> [Record?] {
    let begin = clock.now
    var answers: [Record?] = []
    var asked: [Int] = []
    for (index, lookup) in lookups.enumerated() {
      let found = with { memory -> CacheMemory.Answer in
        guard !memory.isClosed, let policy = bulkPolicy(of: lookup, memory) else { return .unknown }
        if flaw == .servesTheEndedInBulk, let old = memory.old(lookup) { return .record(old) }
        return memory.find(lookup, policy, at: begin)
      }
      switch found {
      case .record(let record): answers.append(record)
      case .absent: answers.append(nil)
      case .unknown:
        answers.append(nil)
        asked.append(index)
      }
    }
    if asked.isEmpty, !lookups.isEmpty { return answers }
    let (generation, isFed) = with { ($0.writes, $0.isFed) }
    let found: [Record?]
    if flaw == .takesFailedBulkReadsForAbsence {
      found = try await leading(asked.map { lookups[$0] }) { (asked) async throws(AuthCacheError) in
        try await delegate.load(contentsOf: asked)
      }
    } else {
      found = try await delegate.load(contentsOf: asked.map { lookups[$0] })
    }
    if flaw == .mixesUpBulkReads { return answers.compactMap { $0 } + found }
    for (index, record) in zip(asked, found) {
      answers[index] = record
      if let policy = with({ bulkPolicy(of: lookups[index], $0) }) {
        keep(record, for: lookups[index], policy, since: generation, askedAt: begin, isFed: isFed, isBulk: true)
      }
    }
    return answers
  }
}

extension ReferenceCache {
  /// Lets others wait for a bulk read, and has nothing to tell them when it fails.
  private func leading(
    _ lookups: [Lookup], _ read: ([Lookup]) async throws(AuthCacheError) -> [Record?]
  ) async throws(AuthCacheError) -> [Record?] {
    let flights = with { memory in
      lookups.map { lookup in
        let flight = Flight(generation: memory.writes)
        memory.flights[lookup] = flight
        return flight
      }
    }
    var answers = [Record?](repeating: nil, count: lookups.count)
    defer {
      with { memory in for lookup in lookups { memory.flights[lookup] = nil } }
      for (flight, answer) in zip(flights, answers) { flight.land(.answer(answer)) }
    }
    answers = try await read(lookups)
    return answers
  }

  private func bulkPolicy(of lookup: Lookup, _ memory: CacheMemory) -> CachePolicy? {
    flaw == .servesRefreshTokensInBulk ? memory.policy(of: lookup.kind) : memory.policy(of: lookup)
  }
}

extension ReferenceCache: GroupBackend where Delegate: GroupBackend {
  func removeAll(in group: Group) async throws(AuthCacheError) -> Int {
    if flaw == .revocationPassesIt { return try await delegate.removeAll(in: group) }
    return try await dropping([.group(group)]) { () async throws(AuthCacheError) in
      try await delegate.removeAll(in: group)
    }
  }
}

extension ReferenceCache: ListingBackend where Delegate: ListingBackend {
  func records(of kind: RecordKind, after: RecordDigest?, limit: Int) async throws(AuthCacheError) -> [Record] {
    try await delegate.records(of: kind, after: after, limit: limit)
  }
}

extension ReferenceCache: InvalidationBackend where Delegate: InvalidationBackend {
  func invalidations() async throws(AuthCacheError) -> Delegate.Invalidations { try await delegate.invalidations() }
}
