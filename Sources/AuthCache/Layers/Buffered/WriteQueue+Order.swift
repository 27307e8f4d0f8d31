/// Which write flies next, and when.
extension WriteQueue {
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
  mutating func front() -> (slot: Int, number: UInt64)? {
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

  mutating func launch(_ slot: Int) -> Flying? {
    guard let entry = entries[slot] else { return nil }
    entries[slot]?.isFlying = true
    ready -= 1
    return Flying(slot: slot, number: entry.number, write: entry.write)
  }

  /// Takes a write in that goes to the delegate at once.
  ///
  /// - Returns: its number; nil if anything waits or was left behind that it might overtake, or if there is no room.
  mutating func depart(_ write: BufferedWrite) -> UInt64? {
    let id = write.id
    guard ready == 0, behind.isEmpty, arrivals.isEmpty, failed.isEmpty, !isFull, !isAbandoned, chains[id] == nil
    else { return nil }
    var entry = newEntry(write, isAcknowledged: false)
    entry.isFlying = true
    let slot = place(entry)
    chains[id] = Chain(first: slot, last: slot)
    return entry.number
  }

  mutating func trimOrder() {
    _ = front()
    guard head > 1_024, head > order.count / 2 else { return }
    order.removeFirst(head)
    head = 0
  }

  /// Lets a write that is under way wait until another has ended.
  mutating func putBehind(_ slot: Int) {
    entries[slot]?.isFlying = false
    entries[slot]?.isBehind = true
    behind.append(slot)
  }

  mutating func recallBehind(at now: Timestamp) {
    guard !behind.isEmpty else { return }
    forceAll()
    for slot in behind where entries[slot]?.isBehind == true {
      entries[slot]?.isBehind = false
      makeReady(slot, at: now)
    }
    behind.removeAll()
  }
}
