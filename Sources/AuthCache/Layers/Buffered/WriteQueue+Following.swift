/// Waiting for the writes that are there.
extension WriteQueue {
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
  func kin(of entry: Entry) -> [Int] {
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

  /// Adds a waiter to every write that is under way.
  ///
  /// - Returns: how many there are.
  mutating func followFlying(_ waiter: () -> WriteWaiter) -> Int {
    let flying = entries.indices.filter { entries[$0]?.isFlying == true }
    for slot in flying { entries[slot]?.waiters.append(waiter()) }
    return flying.count
  }

  /// The first writes of the records that `lookup` finds.
  func slots(of lookup: Lookup) -> [Int] {
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
}
