/// How a write gives its place back.
extension WriteQueue {
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
  mutating func vacate(_ slot: Int) -> Entry? {
    guard let entry = entries[slot] else { return nil }
    if case .store(let record) = entry.write { aliases.remove(record, at: slot) }
    entries[slot] = nil
    free.append(slot)
    count -= 1
    return entry
  }
}
