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

  struct Chain {
    var first: Int
    var last: Int
  }

  let configuration: BufferConfiguration
  var entries: [Entry?] = []
  var free: [Int] = []
  var chains: [Lookup: Chain] = [:]
  var aliases = AliasIndex()

  /// The slots of those that may fly, oldest first; some stand there no longer rightly and are passed over.
  var order: [(slot: Int, number: UInt64)] = []
  var head = 0
  var ready = 0
  /// When the first of those that may fly came.
  var firstAt: Timestamp?

  var failed: [Lookup: Failed] = [:]
  /// How many of them may succeed another time.
  var retriable = 0
  /// What failed of acknowledged writes since a caller was last told.
  var untold: Notice?
  /// How many writes of each kind a close gave up.
  var abandoned: [RecordKind: Int] = [:]
  var isAbandoned = false
  /// The slots of writes that conflicted and wait until another has ended.
  var behind: [Int] = []
  var arrivals: [Arrival] = []
  /// How many writes wait or are under way.
  var count = 0
  var lastNumber: UInt64 = 0
  /// Everything up to this number flies without waiting for company.
  var forcedThrough: UInt64 = 0
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

  mutating func coalesce(
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

  mutating func newEntry(_ write: BufferedWrite, isAcknowledged: Bool) -> Entry {
    lastNumber += 1
    counts.accepted += 1
    return Entry(number: lastNumber, write: write, isAcknowledged: isAcknowledged)
  }

  mutating func place(_ entry: Entry) -> Int {
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
}
