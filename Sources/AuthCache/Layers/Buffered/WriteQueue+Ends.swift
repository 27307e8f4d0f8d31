/// How writes end: carried out, failed, put behind others, taken back, given up.
extension WriteQueue {
  /// What becomes of a write that was carried out, or was not.
  mutating func end(
    _ flying: Flying, _ result: Result<Bool, AuthCacheError>, at now: Timestamp
  ) -> [Acknowledgement.Delivery] {
    guard let entry = entries[flying.slot], entry.number == flying.number else { return [] }
    switch result {
    case .success(let removed):
      counts.written += 1
      var answer = removed
      if let covered = entry.covered, covered.countsAsStored { answer = covered.record.isLive(at: now) }
      release(flying.slot, at: now)
      return entry.waiters.compactMap { $0.succeed(removed: answer) }
    case .failure(let error):
      if error.code == .conflict, error.effect == .none, putBehind(entry, at: flying.slot) { return [] }
      counts.failed += 1
      if isAbandoned { abandoned[entry.write.kind, default: 0] += entry.isAcknowledged ? 0 : 1 }
      let isAcknowledged = entry.isAcknowledged || entry.covered?.isAcknowledged == true
      let wasTold = entry.wasTold || entry.waiters.contains { $0.hears(error, isAcknowledged: isAcknowledged) }
      let deliveries = entry.waiters.compactMap { $0.fail(error, isAcknowledged: isAcknowledged) }
      switch entry.write {
      case .store(let record):
        if entry.isAcknowledged { keep(record, error, behind: entry, wasTold: wasTold) }
        release(flying.slot, at: now)
      case .remove:
        if let covered = entry.covered, covered.isAcknowledged {
          if error.effect == .none, entry.successor == nil, !isAbandoned {
            restore(covered.record, at: flying.slot, at: now)
            return deliveries
          }
          keep(covered.record, error, behind: entry, wasTold: wasTold)
        }
        release(flying.slot, at: now)
      }
      return deliveries
    }
  }

  /// The same for a write that its own caller carried: if that was cancelled, it is as if it had never been called.
  mutating func arrive(
    _ id: Lookup, _ number: UInt64, _ result: Result<Bool, AuthCacheError>, at now: Timestamp
  ) -> [Acknowledgement.Delivery] {
    guard let slot = firstSlot(of: id), let entry = entries[slot], entry.number == number else { return [] }
    guard case .failure(let error) = result, error.code == .cancelled, error.effect == .none else {
      return end(Flying(slot: slot, number: number, write: entry.write), result, at: now)
    }
    release(slot, at: now)
    return entry.waiters.compactMap { $0.succeed(removed: false) }
  }

  /// A conflict may be with a record that another acknowledged write is about to change. Tried again when one has
  /// ended; final if all that are left wait like this one.
  private mutating func putBehind(_ entry: Entry, at slot: Int) -> Bool {
    guard entry.isAcknowledged, !isAbandoned else { return false }
    let others = entries.indices.contains { place in
      guard let other = entries[place], place != slot, !other.isBehind, other.isAcknowledged else { return false }
      // One that waits for an earlier write of its record can't go first.
      return other.write.kind == entry.write.kind && firstSlot(of: other.write.id) == place
    }
    guard others else { return false }
    forceAll()
    putBehind(slot)
    return true
  }

  /// Keeps an acknowledged record that was not written, unless a later write of it is on its way.
  private mutating func keep(_ record: Record, _ error: AuthCacheError, behind entry: Entry, wasTold: Bool) {
    if let next = entry.successor, let successor = entries[next] {
      if case .remove = successor.write, successor.covered == nil {
        entries[next]?.covered = Covered(record: record, isAcknowledged: true)
      }
      return
    }
    setFailed(Failed(record: record, error: error), for: record.id)
    if !wasTold { untold = Notice(adding: record.kind, error, to: untold) }
  }

  /// The removal of an acknowledged record failed: the record is to be written after all.
  private mutating func restore(_ record: Record, at slot: Int, at now: Timestamp) {
    entries[slot]?.write = .store(record)
    entries[slot]?.isAcknowledged = true
    entries[slot]?.covered = nil
    entries[slot]?.waiters = []
    entries[slot]?.isFlying = false
    aliases.insert(record, at: slot)
    makeReady(slot, at: now)
  }

  // MARK: - Taking back

  /// Takes a write back that nobody else has a part in and that is not under way.
  ///
  /// - Returns: whether it is certain now that it will not be carried out.
  mutating func withdraw(_ id: Lookup, _ acknowledgement: Acknowledgement, at now: Timestamp) -> Bool {
    if let index = arrivals.firstIndex(where: { $0.waiter.acknowledgement === acknowledgement }) {
      arrivals.remove(at: index)
      return true
    }
    var predecessor: Int?
    var next = firstSlot(of: id)
    while let slot = next, let entry = entries[slot] {
      if entry.waiters.contains(where: { $0.acknowledgement === acknowledgement }) {
        let isAlone = entry.waiters.count == 1 && !entry.isShared && entry.covered == nil
        guard isAlone, !entry.isFlying, !entry.isBehind, !entry.isAcknowledged, entry.successor == nil else {
          return false
        }
        remove(slot, after: predecessor, at: now)
        return true
      }
      predecessor = slot
      next = entry.successor
    }
    // Not accepted yet, and it will not be.
    return true
  }

  // MARK: - Giving up

  /// Gives up what waits; what is under way goes on and is judged by its end.
  mutating func abandon(_ error: AuthCacheError) -> [Acknowledgement.Delivery] {
    isAbandoned = true
    var deliveries: [Acknowledgement.Delivery] = []
    for slot in entries.indices {
      guard let entry = entries[slot], !entry.isFlying else { continue }
      let isAcknowledged = entry.isAcknowledged || entry.covered?.isAcknowledged == true
      deliveries += entry.waiters.compactMap { $0.fail(error, isAcknowledged: isAcknowledged) }
      switch entry.write {
      case .store(let record) where entry.isAcknowledged:
        setFailed(Failed(record: record, error: error), for: record.id)
      case .store: abandoned[entry.write.kind, default: 0] += 1
      case .remove:
        abandoned[entry.write.kind, default: 0] += 1
        if let covered = entry.covered, covered.isAcknowledged {
          setFailed(Failed(record: covered.record, error: error), for: entry.write.id)
        }
      }
    }
    dropWaiting()
    return deliveries
  }

  /// Gives up what never came back from the delegate.
  mutating func abandonFlying(_ error: AuthCacheError, at now: Timestamp) -> [Acknowledgement.Delivery] {
    var deliveries: [Acknowledgement.Delivery] = []
    for slot in entries.indices {
      guard let entry = entries[slot], entry.isFlying else { continue }
      let flying = Flying(slot: slot, number: entry.number, write: entry.write)
      deliveries += end(flying, .failure(error), at: now)
    }
    return deliveries
  }
}
