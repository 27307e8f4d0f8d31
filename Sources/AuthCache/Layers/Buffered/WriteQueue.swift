/// The writes that a buffer holds, as a value: what waits, what is under way, what failed and is kept.
///
/// Writes of one record stand in a chain, and only the first of a chain may be under way, so they keep their order.
/// Everything else about order is first come, first served.
struct WriteQueue: Sendable {
  struct Entry: Sendable {
    let number: UInt64
    var write: BufferedWrite
    /// Whether a caller was told that it is accepted, and so nobody else will remember it.
    var isAcknowledged: Bool
    var waiters: [WriteWaiter] = []
    /// What a removal was coalesced over.
    var covered: Covered?
    /// The next write of the same record.
    var successor: Int?
    var isFlying = false
    /// Whether more than one caller's write is in it, so that none of them may take it back.
    var isShared = false
    /// Whether it conflicted, and waits until another acknowledged write has ended.
    var isBehind = false
    /// Whether a caller has heard of its failure.
    var wasTold = false
  }

  /// A stored record whose removal came before its flush did.
  struct Covered: Sendable {
    let record: Record
    let isAcknowledged: Bool
    /// Whether it counts as stored, so that its removal removes something if it is live.
    var countsAsStored = true
  }

  /// One write on its way to the delegate.
  struct Flying: Sendable {
    let slot: Int
    let number: UInt64
    let write: BufferedWrite
  }

  /// A writer that waits for room.
  struct Arrival: Sendable {
    let write: BufferedWrite
    let waiter: WriteWaiter
    let isQueued: Bool
  }

  enum Admission: Sendable {
    case accepted
    /// There is no room; the writer was not accepted.
    case full
  }

  private struct Chain {
    var first: Int
    var last: Int
  }

  let configuration: BufferConfiguration
  var entries: [Entry?] = []
  private var free: [Int] = []
  private var chains: [Lookup: Chain] = [:]
  var aliases = AliasIndex()

  /// The slots of those that may fly, oldest first; some stand there no longer rightly and are passed over.
  private var order: [(slot: Int, number: UInt64)] = []
  private var head = 0
  private(set) var ready = 0
  /// When the first of those that may fly came.
  private(set) var firstAt: Timestamp?

  private(set) var failed: [Lookup: Failed] = [:]
  /// How many of them may succeed another time.
  private(set) var retriable = 0
  /// What failed of acknowledged writes since a caller was last told.
  var untold: Notice?
  /// How many writes of each kind a close gave up.
  var abandoned: [RecordKind: Int] = [:]
  var isAbandoned = false
  /// The slots of writes that conflicted and wait until another has ended.
  private var behind: [Int] = []
  var arrivals: [Arrival] = []
  /// How many writes wait or are under way.
  private(set) var count = 0
  private(set) var lastNumber: UInt64 = 0
  /// Everything up to this number flies without waiting for company.
  private(set) var forcedThrough: UInt64 = 0
  var counts = BufferCounts()

  init(configuration: BufferConfiguration) { self.configuration = configuration }

  var isFull: Bool { count >= configuration.capacity }
  var isEmpty: Bool { count == 0 }

  /// How many writes may be acknowledged and failed before later ones are no longer acknowledged in advance.
  var keepsFailures: Bool { failed.count < max(1, configuration.capacity / 2) }

  // MARK: - Accepting

  /// Takes a write in, coalesced with the one that waits for the same record where nobody can tell the difference.
  mutating func admit(
    _ write: BufferedWrite, waiter: WriteWaiter?, isQueued: Bool, at now: @autoclosure () -> Timestamp
  ) -> Admission {
    let id = write.id
    let chain = chains[id]
    if let chain, coalesce(write, waiter, isQueued: isQueued, into: chain.last) { return .accepted }
    guard !isFull else { return .full }
    // A failed write of the same record is superseded, or comes back if its removal fails.
    let superseded = setFailed(nil, for: id)
    var entry = newEntry(write, isAcknowledged: isQueued)
    if let waiter { entry.waiters.append(waiter) }
    if let superseded {
      switch write {
      case .store: entry.isAcknowledged = true
      case .remove:
        entry.covered = Covered(
          record: superseded.record, isAcknowledged: true, countsAsStored: superseded.isRetriable)
      }
    }
    let slot = place(entry)
    if let chain {
      entries[chain.last]?.successor = slot
      chains[id] = Chain(first: chain.first, last: slot)
    } else {
      chains[id] = Chain(first: slot, last: slot)
      makeReady(slot, at: now())
    }
    return .accepted
  }

  private mutating func coalesce(
    _ write: BufferedWrite, _ waiter: WriteWaiter?, isQueued: Bool, into slot: Int
  ) -> Bool {
    guard let entry = entries[slot], !entry.isFlying, !entry.isBehind else { return false }
    // Whoever waits for a store must hear if another record holds its aliases. A write that carries them too finds out
    // for both; one that does not, would hide it.
    let isHeard = entry.waiters.contains { $0.role == .store }
    var waiter = waiter
    switch (entry.write, write) {
    case (.store(let earlier), .store(let later)):
      guard !isHeard || later.aliases.cover(earlier.aliases) else { return false }
      // In the place of the earlier one it may not take an alias that a write between the two sets free.
      guard entry.number == lastNumber || earlier.aliases.cover(later.aliases) else { return false }
      aliases.remove(earlier, at: slot)
      aliases.insert(later, at: slot)
    case (.store(let earlier), .remove):
      guard !isHeard || earlier.aliases.isEmpty else { return false }
      aliases.remove(earlier, at: slot)
      entries[slot]?.covered = Covered(record: earlier, isAcknowledged: entry.isAcknowledged)
      entries[slot]?.isAcknowledged = false
    case (.remove, .remove):
      if entry.waiters.contains(where: { $0.role == .remove }), let second = waiter {
        waiter = WriteWaiter(acknowledgement: second.acknowledgement, role: .laterRemove)
      }
    case (.remove, .store): return false
    }
    entries[slot]?.write = write
    if isQueued { entries[slot]?.isAcknowledged = true }
    if let waiter { entries[slot]?.waiters.append(waiter) }
    entries[slot]?.isShared = true
    entries[slot]?.wasTold = false
    counts.coalesced += 1
    return true
  }

  private mutating func newEntry(_ write: BufferedWrite, isAcknowledged: Bool) -> Entry {
    lastNumber += 1
    counts.accepted += 1
    return Entry(number: lastNumber, write: write, isAcknowledged: isAcknowledged)
  }

  private mutating func place(_ entry: Entry) -> Int {
    count += 1
    let slot: Int
    if let reused = free.popLast() {
      slot = reused
      entries[slot] = entry
    } else {
      slot = entries.count
      entries.append(entry)
    }
    if case .store(let record) = entry.write { aliases.insert(record, at: slot) }
    return slot
  }

  // MARK: - Order

  mutating func makeReady(_ slot: Int, at now: Timestamp, inFront: Bool = false) {
    guard let entry = entries[slot] else { return }
    if firstAt == nil { firstAt = now }
    ready += 1
    guard inFront else { return order.append((slot, entry.number)) }
    if head > 0 {
      head -= 1
      order[head] = (slot, entry.number)
    } else {
      order.insert((slot, entry.number), at: 0)
    }
  }

  /// The first that may fly, and drops what stands before it no longer rightly.
  private mutating func front() -> (slot: Int, number: UInt64)? {
    while head < order.count {
      let candidate = order[head]
      if let entry = entries[candidate.slot], entry.number == candidate.number, !entry.isFlying, !entry.isBehind {
        return candidate
      }
      head += 1
    }
    order.removeAll(keepingCapacity: true)
    head = 0
    firstAt = nil
    return nil
  }

  /// When the next flush begins, if nothing else makes it begin: now if it is due; nil if nothing waits.
  mutating func due(at now: Timestamp) -> Timestamp? {
    guard let front = front() else { return nil }
    if front.number <= forcedThrough || ready >= configuration.maxBatch || isFull { return now }
    return max(now, (firstAt ?? now) + configuration.maxDelay)
  }

  /// Lets everything that has been accepted fly without waiting for company.
  mutating func forceAll() { forcedThrough = lastNumber }

  /// Up to `limit` writes of different records, oldest first. Empty unless a flush is due.
  mutating func take(_ limit: Int, at now: Timestamp) -> [Flying] {
    guard let due = due(at: now), due <= now else { return [] }
    // One flush takes what waited as it began, in however many calls.
    if let front = front(), front.number > forcedThrough { forceAll() }
    var batch: [Flying] = []
    batch.reserveCapacity(min(limit, ready))
    while batch.count < limit, let front = front(), front.number <= forcedThrough {
      head += 1
      if let flying = launch(front.slot) { batch.append(flying) }
    }
    trimOrder()
    return batch
  }

  private mutating func launch(_ slot: Int) -> Flying? {
    guard let entry = entries[slot] else { return nil }
    entries[slot]?.isFlying = true
    ready -= 1
    return Flying(slot: slot, number: entry.number, write: entry.write)
  }

  private mutating func trimOrder() {
    _ = front()
    guard head > 1_024, head > order.count / 2 else { return }
    order.removeFirst(head)
    head = 0
  }

  // MARK: - Waiting for what is there

  /// Adds `waiter` to the first write of the record that `lookup` finds, if it came no later than `mark`, and lets it
  /// fly at once.
  ///
  /// - Returns: whether there was one, and the write if it is to be carried out now.
  mutating func follow(
    _ lookup: Lookup, through mark: UInt64, _ waiter: () -> WriteWaiter
  ) -> (isFollowing: Bool, flying: [Flying]) {
    var flying: [Flying] = []
    var isFollowing = false
    for slot in slots(of: lookup) {
      guard let entry = entries[slot], entry.number <= mark else { continue }
      entries[slot]?.waiters.append(waiter())
      isFollowing = true
      guard !entry.isFlying, !entry.isBehind else { continue }
      flying += kin(of: entry).compactMap { launch($0) }
      if let launched = launch(slot) { flying.append(launched) }
    }
    return (isFollowing, flying)
  }

  /// Earlier writes that carry an alias of this one: they go before it.
  private func kin(of entry: Entry) -> [Int] {
    guard case .store(let record) = entry.write, !record.aliases.isEmpty else { return [] }
    let sharing = record.lookups.dropFirst().flatMap { aliases[$0] }
    return Set(sharing).filter { slot in
      guard let other = entries[slot], other.number < entry.number, !other.isFlying, !other.isBehind else {
        return false
      }
      return chains[other.write.id]?.first == slot
    }
    .sorted { (entries[$0]?.number ?? 0) < (entries[$1]?.number ?? 0) }
  }

  /// Adds a waiter to every write, and lets all fly at once.
  ///
  /// - Returns: how many there are.
  mutating func followAll(_ waiter: (BufferedWrite) -> WriteWaiter) -> Int {
    forceAll()
    guard count > 0 else { return 0 }
    for slot in entries.indices {
      if let write = entries[slot]?.write { entries[slot]?.waiters.append(waiter(write)) }
    }
    return count
  }

  /// The first writes of the records that `lookup` finds.
  private func slots(of lookup: Lookup) -> [Int] {
    guard lookup.field != .id else { return chains[lookup].map { [$0.first] } ?? [] }
    return aliases[lookup].compactMap { slot in
      guard let id = entries[slot]?.write.id else { return nil }
      return chains[id]?.first
    }
  }

  /// Whether a write of the record came no later than `mark` and has not ended.
  func holds(_ id: Lookup, through mark: UInt64) -> Bool {
    guard let chain = chains[id], let entry = entries[chain.first] else { return false }
    return entry.number <= mark
  }

  /// Whether acknowledged writes of this kind may wait.
  func mayHoldAcknowledged(_ kind: RecordKind) -> Bool { count > 0 && configuration.queued.contains(kind) }

  func firstSlot(of id: Lookup) -> Int? { chains[id]?.first }

  /// Whether a write of this record has not ended.
  func isHeld(_ id: Lookup) -> Bool { chains[id] != nil }

  /// Keeps or forgets the failed write of a record.
  ///
  /// - Returns: what was kept before.
  @discardableResult
  mutating func setFailed(_ failure: Failed?, for id: Lookup) -> Failed? {
    if failure == nil, failed.isEmpty { return nil }
    let previous = failed[id]
    if previous?.isRetriable == true { retriable -= 1 }
    if failure?.isRetriable == true { retriable += 1 }
    failed[id] = failure
    return previous
  }

  // MARK: - Leaving

  /// Gives the slot of a write that has ended back, and lets the next write of the same record fly.
  mutating func release(_ slot: Int, at now: Timestamp) {
    guard let entry = vacate(slot) else { return }
    recallBehind(at: now)
    let id = entry.write.id
    guard let next = entry.successor else {
      chains[id] = nil
      return
    }
    chains[id]?.first = next
    makeReady(next, at: now, inFront: true)
  }

  /// Lets a write that is under way wait until another has ended.
  mutating func putBehind(_ slot: Int) {
    entries[slot]?.isFlying = false
    entries[slot]?.isBehind = true
    behind.append(slot)
  }

  private mutating func recallBehind(at now: Timestamp) {
    guard !behind.isEmpty else { return }
    forceAll()
    for slot in behind where entries[slot]?.isBehind == true {
      entries[slot]?.isBehind = false
      makeReady(slot, at: now)
    }
    behind.removeAll()
  }

  /// Takes a write that waits, the last of its chain, out again.
  mutating func remove(_ slot: Int, after predecessor: Int?, at now: Timestamp) {
    guard let predecessor else {
      ready -= 1
      return release(slot, at: now)
    }
    guard let entry = vacate(slot) else { return }
    entries[predecessor]?.successor = nil
    chains[entry.write.id]?.last = predecessor
  }

  /// Takes everything out that is not under way.
  mutating func dropWaiting() {
    for slot in entries.indices {
      guard let entry = entries[slot] else { continue }
      if entry.isFlying {
        entries[slot]?.successor = nil
        chains[entry.write.id] = Chain(first: slot, last: slot)
      } else {
        if chains[entry.write.id]?.first == slot { chains[entry.write.id] = nil }
        vacate(slot)
      }
    }
    ready = 0
  }

  /// Takes an acknowledged write in that was accepted before.
  mutating func readmit(_ record: Record, at now: Timestamp) {
    guard chains[record.id] == nil else { return }
    var entry = newEntry(.store(record), isAcknowledged: true)
    entry.wasTold = true
    counts.accepted -= 1
    let slot = place(entry)
    chains[record.id] = Chain(first: slot, last: slot)
    makeReady(slot, at: now)
  }

  @discardableResult
  private mutating func vacate(_ slot: Int) -> Entry? {
    guard let entry = entries[slot] else { return nil }
    if case .store(let record) = entry.write { aliases.remove(record, at: slot) }
    entries[slot] = nil
    free.append(slot)
    count -= 1
    return entry
  }
}
