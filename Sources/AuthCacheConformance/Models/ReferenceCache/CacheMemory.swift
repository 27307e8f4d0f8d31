internal import AuthCache

/// What a ``ReferenceCache`` remembers: dictionaries, looked through from one end to the other.
struct CacheMemory {
  struct Entry {
    let record: Record
    let arrived: Timestamp
    var end: Timestamp
    var readAt: Timestamp
    var reads = 0
    var turn: Int
  }

  enum Answer {
    case record(Record)
    case absent
    case unknown
  }

  let policies: [RecordKind: CachePolicy]
  let flaw: CacheFlaw?
  private(set) var entries: [Lookup: Entry] = [:]
  /// The id under which a digest is found.
  private var ids: [Lookup: Lookup] = [:]
  private var shadows: [Lookup: Entry] = [:]
  private var absences: [Lookup: Timestamp] = [:]
  private var absenceOrder: [Lookup] = []
  var flights: [Lookup: Flight] = [:]
  /// Counts the writes, and whatever else makes a fill that began before it void.
  var writes: UInt64 = 0
  var counts: [RecordKind: CacheCounts] = [:]
  var failures: [Lookup: AuthCacheError] = [:]
  var isFed = false
  var isClosed = false
  private var turn = 0
  private var ghosts: [RecordKind: Int] = [:]

  init(_ configuration: CachingConfiguration, _ flaw: CacheFlaw?) {
    var policies = configuration.others
    policies[.session] = configuration.sessions
    policies[.client] = configuration.clients
    for kind in [RecordKind.state, .verifier, .code, .spentRefresh] where flaw != .servesWhatIsUsedOnce {
      policies[kind] = nil
    }
    self.policies = policies.filter { ($0.value.enabled || flaw == .ignoresItsSwitch) && $0.value.capacity >= 0 }
    self.flaw = flaw
  }

  /// The policy by which `lookup` is remembered; nil if it is not.
  func policy(of lookup: Lookup) -> CachePolicy? {
    if lookup.field == .refreshToken, flaw != .servesRefreshTokens { return nil }
    return policy(of: lookup.kind)
  }

  func policy(of kind: RecordKind) -> CachePolicy? {
    policies[kind].map { flaw == .usesOnePolicy ? policies[.session] ?? $0 : $0 }
  }

  /// What `lookup` is kept under.
  private func key(_ lookup: Lookup) -> Lookup {
    flaw == .keysByDigestAlone ? .id(.session, lookup.digest) : lookup
  }

  func count(of kind: RecordKind) -> Int { entries.keys.count { $0.kind == kind } }

  func absenceCount(of kind: RecordKind) -> Int {
    flaw == .hasNoBoundOnMisses ? 0 : absences.keys.count { $0.kind == kind }
  }

  mutating func tally(_ kind: RecordKind, _ change: (inout CacheCounts) -> Void) {
    change(&counts[kind, default: CacheCounts()])
  }

  // MARK: Reading

  mutating func find(_ lookup: Lookup, _ policy: CachePolicy, at now: Timestamp) -> Answer {
    if let entry = shadows[lookup], entry.end > now { return .record(entry.record) }
    if let id = ids[key(lookup)], var entry = entries[id] {
      var end = entry.end
      if let idle = policy.timeToIdle {
        let idleEnd = (flaw == .idlesFromArrival ? entry.arrived : entry.readAt) + idle
        end = flaw == .idlesPastItsCap ? idleEnd : min(end, idleEnd)
      }
      guard end > now || flaw == .servesAtTheEnd && end == now else { return .unknown }
      turn += 1
      if flaw != .evictsTheFirstIn { entry.turn = turn }
      entry.readAt = now
      if flaw != .countsNoReads { entry.reads += 1 }
      if flaw == .readsRenew, let cap = policy.timeToLive { entry.end = now + cap }
      entries[id] = entry
      return .record(entry.record)
    }
    if let end = absences[key(lookup)], end > now || flaw == .remembersMissesForEver { return .absent }
    return .unknown
  }

  /// What was remembered, whether or not its time is over.
  func old(_ lookup: Lookup) -> Record? { ids[lookup].flatMap { entries[$0]?.record } }

  // MARK: Keeping

  mutating func keep(
    _ answer: Record?, for lookup: Lookup, _ policy: CachePolicy, askedAt begin: Timestamp, isFed: Bool,
    at now: Timestamp,
    hadRoom: Bool
  ) {
    let begin = flaw == .agesFromTheAnswer ? now : begin
    guard let record = answer else { return keepAbsence(of: lookup, policy, askedAt: begin) }
    let cap = policy.timeToLive ?? .seconds(record.kind == .client ? 300 : isFed ? 60 : 5)
    var end = begin + cap
    if let last = record.expiresAt {
      let life = flaw == .countsTheWholeLife ? record.createdAt.duration(to: last) : begin.duration(to: last)
      end = min(end, begin + life)
    }
    if flaw != .ignoresSkew { end = end - policy.skew }
    if end <= begin {
      guard flaw == .keepsTheEnded else { return }
      end = begin + .seconds(1)
    }
    guard flaw != .remembersNothing, policy.capacity > 0 || flaw == .takesZeroForNoBound else { return }
    for other in record.lookups { remove(other) }
    let isFull = count(of: record.kind) + ghosts[record.kind, default: 0] >= policy.capacity
    if isFull, !(flaw == .looksForRoomFirst && hadRoom), policy.capacity > 0 { evict(record.kind, policy) }
    turn += 1
    entries[record.id] = Entry(record: record, arrived: begin, end: end, readAt: begin, turn: turn)
    for other in record.lookups { ids[key(other)] = record.id }
  }

  func hasRoom(_ kind: RecordKind) -> Bool { count(of: kind) < policies[kind]?.capacity ?? 0 }

  private mutating func evict(_ kind: RecordKind, _ policy: CachePolicy) {
    let residents = entries.values.filter { $0.record.kind == kind }
    let victim =
      policy.eviction.order == .leastFrequentlyUsed
      ? residents.min { ($0.reads, $0.turn) < ($1.reads, $1.turn) } : residents.min { $0.turn < $1.turn }
    guard let victim, flaw != .outgrowsItsCapacity else { return }
    if flaw == .evictedStayUnderTokens {
      for lookup in victim.record.lookups.dropFirst() { shadows[lookup] = victim }
    }
    remove(victim.record.id)
    tally(kind) { $0.evictions += 1 }
  }

  private mutating func keepAbsence(of lookup: Lookup, _ policy: CachePolicy, askedAt begin: Timestamp) {
    guard let life = policy.negativeTimeToLive, life > .zero, policy.negativeCapacity > 0 else { return }
    guard flaw != .remembersNoMisses else { return }
    if flaw == .missesPushOutRecords { evict(lookup.kind, policy) }
    let lookup = key(lookup)
    if flaw != .hasNoBoundOnMisses, absences.count >= policy.negativeCapacity {
      absences[absenceOrder.removeFirst()] = nil
    }
    if absences.updateValue(begin + life, forKey: lookup) == nil, flaw != .hasNoBoundOnMisses {
      absenceOrder.append(lookup)
    }
  }

  // MARK: Dropping

  /// Drops what stands under `lookup`, under every digest of it.
  mutating func drop(_ lookup: Lookup) {
    if flaw != .letsJoinOldCalls { flights[lookup] = nil }
    shadows[lookup] = nil
    var dropped = remove(lookup)
    let isKept = flaw == .missesOutliveStores || flaw == .missesOfTokensOutliveStores && lookup.field != .id
    let key = key(lookup)
    if !isKept, absences.removeValue(forKey: key) != nil {
      absenceOrder.removeAll { $0 == key }
      dropped = true
    }
    if dropped, flaw != .countsNoInvalidations { tally(lookup.kind) { $0.invalidations += 1 } }
    if dropped, flaw == .droppedKeepTheirRoom { ghosts[lookup.kind, default: 0] += 1 }
  }

  mutating func drop(_ group: Group) {
    let roles: [Group.Role] = flaw == .knowsOneGroupOnly ? [.subject] : Group.Role.allCases
    for entry in entries.values where roles.contains(group.role) && entry.record.groups[group.role] == group.digest {
      drop(entry.record.id)
    }
    flights = [:]
  }

  mutating func dropAll() {
    writes += 1
    entries = [:]
    ids = [:]
    shadows = [:]
    absences = [:]
    absenceOrder = []
    flights = [:]
  }

  @discardableResult
  private mutating func remove(_ lookup: Lookup) -> Bool {
    if flaw == .dropsOnlyWhatIsNamed, lookup.field != .id {
      return ids.removeValue(forKey: lookup) != nil
    }
    guard let id = ids[key(lookup)], let entry = entries[id] else { return false }
    if flaw == .dropsOnlyWhatIsNamed {
      // What its tokens find stays, as if it were kept once for each.
      return ids.removeValue(forKey: lookup) != nil
    }
    entries[id] = nil
    for other in entry.record.lookups where ids[key(other)] == id { ids[key(other)] = nil }
    return true
  }
}
