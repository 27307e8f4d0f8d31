internal import Synchronization

/// The cached records of one kind, in separately locked shards.
///
/// Nothing here suspends, and no lock is held while another is asked for. A record comes in pending, under all its
/// digests; only when no write is seen to have concerned it since the delegate was asked is it published. A write first
/// leaves its number and then looks for entries, so one of the two sees the other.
final class KindCache: Sendable {
  let kind: RecordKind
  let timing: CacheTiming
  private let placement: ShardPlacement
  private let shards: FixedArray<Mutex<CacheShard>>
  private let residents: Mutex<CacheResidents>
  private let absences: Mutex<Absences>
  private let remembersAbsences: Bool
  private let generations: WriteGenerations
  private let counters = CacheCounters()
  private let metrics: CacheMetrics
  /// Numbers the reads where the eviction policy wants that.
  private let order = Atomic<UInt64>(0)
  private let ordersReads: Bool

  /// - Parameter generations: what all kinds of one cache share.
  init(_ kind: RecordKind, _ policy: CachePolicy, generations: WriteGenerations, at now: Timestamp) {
    self.kind = kind
    timing = CacheTiming(policy, of: kind)
    // A shard for every few dozen records: fewer would be waited for, more would be memory.
    placement = ShardPlacement(atLeast: min(64, policy.capacity / 32))
    self.shards = FixedArray(count: placement.count) { Mutex(CacheShard()) }
    let residents = CacheResidents(policy, at: now)
    ordersReads = residents.ordersReads
    self.residents = Mutex(residents)
    absences = Mutex(Absences(capacity: policy.negativeCapacity))
    remembersAbsences = timing.negative != nil && policy.negativeCapacity > 0
    self.generations = generations
    metrics = CacheMetrics(of: kind)
  }

  /// How many records are here.
  var count: Int { residents.withLock { $0.count } }

  /// How many absences are remembered, those included that are over and not yet forgotten.
  var absenceCount: Int { absences.withLock { $0.count } }

  // MARK: Reading

  /// What is remembered of `lookup`, and if nothing is, whom to follow or that the caller leads. A hit neither suspends
  /// nor allocates.
  @inline(never)
  func ask(_ lookup: Lookup, at now: Timestamp) -> CacheAnswer {
    counted(at: now) { isPublishing in
      shards[placement.index(of: lookup.digest)].withLock { shard in
        let answer = look(up: lookup, in: shard, at: now)
        isPublishing = shard.count(answer)
        guard case .unknown = answer else { return answer }
        return join(lookup, in: &shard)
      }
    }
  }

  /// The same for somebody who has been counted already.
  func askAgain(_ lookup: Lookup, at now: Timestamp) -> CacheAnswer {
    shards[placement.index(of: lookup.digest)].withLock { shard in
      let answer = look(up: lookup, in: shard, at: now)
      guard case .unknown = answer else { return answer }
      return join(lookup, in: &shard)
    }
  }

  @inline(__always)
  private func counted(at now: Timestamp, _ body: (inout Bool) -> CacheAnswer) -> CacheAnswer {
    var isPublishing = false
    let answer = body(&isPublishing)
    if isPublishing { publish(at: now) }
    return answer
  }

  private func join(_ lookup: Lookup, in shard: inout CacheShard) -> CacheAnswer {
    if let flight = shard.flights[lookup] { return .follow(flight) }
    let flight = Flight(generation: generations.current)
    shard.flights.add(flight, for: lookup)
    return .lead(flight)
  }

  /// Nobody follows `flight` from now on.
  func end(_ flight: Flight, for lookup: Lookup) {
    shards[placement.index(of: lookup.digest)].withLock { $0.flights.remove(lookup, if: flight) }
  }

  @inline(__always)
  private func look(up lookup: Lookup, in shard: borrowing CacheShard, at now: Timestamp) -> CacheAnswer {
    shard.table.withEntry(lookup.field, lookup.digest) { entry in
      guard entry.isServed(at: now) else { return .unknown }
      if entry.isAbsence { return .absent }
      if let idle = timing.idle {
        guard entry.idleEnd(idle) > now.millisecondsSinceEpoch else { return .unknown }
        entry.noteUse(at: now)
      }
      if ordersReads { entry.noteRead(number: nextRead()) } else { entry.noteRead() }
      return .record(entry.record)
    } ?? .unknown
  }

  private func nextRead() -> UInt64 { order.add(1, ordering: .relaxed).newValue }

  // MARK: Filling

  /// Whether no write has concerned `answer`, which was given to `lookup`, since `generation`.
  func isTrue(_ answer: Record?, to lookup: Lookup, since generation: UInt64) -> Bool {
    generations.isUntouched(lookup.digest, since: generation)
      && answer.map { generations.isUntouched($0, since: generation) } ?? true
  }

  func countLoad() { counters.loads.add(1, ordering: .relaxed) }

  /// Keeps what the delegate answered to `lookup`, if it may be kept.
  ///
  /// - Parameters:
  ///   - generation: what ``WriteGenerations`` stood at before the delegate was asked.
  ///   - begin: when it was asked.
  func keep(_ answer: Record?, for lookup: Lookup, generation: UInt64, askedAt begin: Timestamp, isFed: Bool) {
    guard isTrue(answer, to: lookup, since: generation) else { return }
    guard let record = answer else { return keepAbsence(of: lookup, generation: generation, askedAt: begin) }
    let end = timing.deadline(of: record, askedAt: begin, isFed: isFed)
    guard end > begin, record.kind == kind else { return }
    let entry = CacheEntry(record, at: begin)
    if ordersReads { entry.noteArrival(number: nextRead()) }
    let left = residents.withLock { $0.add(entry, until: end, at: begin) }
    if let evicted = left.evicted, withdraw(evicted) { counters.evictions.add(1, ordering: .relaxed) }
    for expired in left.expired where withdraw(expired) { counters.expirations.add(1, ordering: .relaxed) }
    let isKept =
      if !(record.relations?.hasAliases ?? false) {
        insertAlone(entry, until: end) { isTrue(record, to: lookup, since: generation) }
      } else {
        insertPending(entry, until: end) { isTrue(record, to: lookup, since: generation) }
      }
    if !isKept { discard(entry) }
  }

  /// Puts an entry that has one digest where it is found, and publishes it if it `isTrue`. A write that leaves its number
  /// too late for this to see finds the entry there: it asks for the same lock.
  private func insertAlone(_ entry: CacheEntry, until end: Timestamp, _ isTrue: () -> Bool) -> Bool {
    let id = entry.record.id
    let (isKept, replaced) = shards[placement.index(of: id.digest)].withLock { shard in
      guard isTrue(), entry.publish(until: end) else { return (false, CacheEntry?.none) }
      return (true, shard.table.insert(entry, under: id))
    }
    if let replaced { discard(replaced) }
    return isKept
  }

  /// Puts an entry wherever it is found, and publishes it if it `isTrue` then.
  private func insertPending(_ entry: CacheEntry, until end: Timestamp, _ isTrue: () -> Bool) -> Bool {
    insert(entry)
    return isTrue() && entry.publish(until: end)
  }

  private func keepAbsence(of lookup: Lookup, generation: UInt64, askedAt begin: Timestamp) {
    guard remembersAbsences, let life = timing.negative else { return }
    let entry = CacheEntry(absent: lookup, at: begin)
    for forgotten in absences.withLock({ $0.add(entry, at: begin) }) { withdraw(forgotten) }
    insert(entry)
    let end = begin + .milliseconds(life)
    if !isTrue(nil, to: lookup, since: generation) || !entry.publish(until: end) { withdraw(entry) }
  }

  private func insert(_ entry: CacheEntry) {
    entry.forEachLookup { lookup in
      let replaced = shards[placement.index(of: lookup.digest)].withLock { $0.table.insert(entry, under: lookup) }
      if let replaced, replaced !== entry { discard(replaced) }
    }
  }

  // MARK: Dropping

  /// Drops what stands under `lookup`, under every digest of it, and whatever is on its way there.
  func forget(_ lookup: Lookup) {
    generations.bump(lookup.digest)
    let dropped = shards[placement.index(of: lookup.digest)].withLock { shard in
      shard.flights.remove(lookup)
      return shard.table.remove(under: lookup)
    }
    if let dropped { invalidate(dropped) }
  }

  /// Drops what is under any digest of `record`.
  func forget(_ record: Record) { for lookup in record.lookups { forget(lookup) } }

  /// Drops every record of `group`.
  func forget(_ group: Group) {
    generations.bump(group.digest)
    for index in 0..<placement.count {
      let members = shards[index].withLock { shard in
        shard.table.entries { !$0.isAbsence && $0.record.groups[group.role] == group.digest }
      }
      for member in members { invalidate(member) }
    }
  }

  /// Drops everything.
  func flush() {
    generations.bumpAll()
    for index in 0..<placement.count {
      let entries = shards[index].withLock { shard in
        shard.flights.removeAll()
        return shard.table.removeAll()
      }
      for entry in entries { invalidate(entry) }
    }
  }

  private func invalidate(_ entry: CacheEntry) {
    let wasServed = entry.end > Timestamp(millisecondsSinceEpoch: .min + 1)
    if discard(entry), wasServed { counters.invalidations.add(1, ordering: .relaxed) }
  }

  /// Ends `entry` and gives its place back.
  @discardableResult
  private func discard(_ entry: CacheEntry) -> Bool {
    let isFirst = withdraw(entry)
    if !entry.isAbsence { _ = residents.withLock { $0.remove(entry) } }
    return isFirst
  }

  /// Ends `entry` and takes it out of the tables.
  ///
  /// - Returns: true to the one who ended it.
  @discardableResult
  private func withdraw(_ entry: CacheEntry) -> Bool {
    let isFirst = entry.drop()
    entry.forEachLookup { lookup in
      _ = shards[placement.index(of: lookup.digest)].withLock { $0.table.remove(entry, under: lookup) }
    }
    return isFirst
  }

  // MARK: Counting

  /// What was done so far.
  var counts: CacheCounts {
    var counts = CacheCounts()
    for index in 0..<placement.count {
      shards[index].withLock { shard in
        counts.hits += shard.hits
        counts.negativeHits += shard.negativeHits
        counts.misses += shard.misses
      }
    }
    counts.loads = counters.loads.load(ordering: .relaxed)
    counts.evictions = counters.evictions.load(ordering: .relaxed)
    counts.expirations = counters.expirations.load(ordering: .relaxed)
    counts.invalidations = counters.invalidations.load(ordering: .relaxed)
    return counts
  }

  func publish(at now: Timestamp) { metrics.publish({ counts }, at: now) }

  func publishIfDue(at now: Timestamp) { if metrics.isDue(at: now) { publish(at: now) } }
}
