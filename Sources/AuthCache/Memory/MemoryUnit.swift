/// The shards that one operation holds, and what the operations do to them.
///
/// A plain value: the rules of the contract stand here, without a lock and without a clock. An operation may touch only
/// the shards it holds, so the caller asks for its ``reach(of:)`` first.
struct MemoryUnit: Sendable {
  let placement: ShardPlacement
  let held: ShardSet
  private var shards: [MemoryShard] = []

  init(holding held: ShardSet, of placement: ShardPlacement) {
    self.placement = placement
    self.held = held
    shards.reserveCapacity(held.count)
  }

  /// Moves the next shard in; shards come in ascending order.
  mutating func take(_ shard: inout MemoryShard) {
    shards.append(MemoryShard())
    swap(&shards[shards.count - 1], &shard)
  }

  /// Moves the last shard out again.
  mutating func giveBack(_ shard: inout MemoryShard) {
    swap(&shards[shards.count - 1], &shard)
    shards.removeLast()
  }

  var isClosed: Bool { shards.contains { $0.isClosed } }

  /// Forgets everything for good.
  mutating func close() {
    for index in shards.indices {
      shards[index] = MemoryShard()
      shards[index].isClosed = true
    }
  }

  // MARK: Reach

  /// The shards in which `record` stands.
  func footprint(of record: Record) -> ShardSet { placement.footprint(of: record) }

  /// The shards that a change of what is under `lookup` touches.
  func reach(of lookup: Lookup) -> ShardSet {
    guard let record = self[lookup] else { return ShardSet() }
    return footprint(of: record)
  }

  /// The shards that writing `record` touches: its own and those of what it replaces.
  func reach(of record: Record) -> ShardSet { footprint(of: record).union(reach(of: record.id)) }

  // MARK: Operations

  /// The record under `lookup`, live or not.
  subscript(lookup: Lookup) -> Record? { shards[position(of: lookup.digest)][lookup] }

  /// The live record under `lookup`.
  func live(_ lookup: Lookup, at now: Timestamp) -> Record? {
    guard let record = self[lookup], record.isLive(at: now) else { return nil }
    return record
  }

  /// Writes `record` in place of what is under its id, or does nothing.
  ///
  /// - Returns: false if another live record holds one of the aliases.
  mutating func store(_ record: Record, at now: Timestamp) -> Bool {
    for (field, digest) in record.aliases.all {
      let alias = Lookup(kind: record.kind, field: field, digest: digest)
      if let holder = live(alias, at: now), holder.digest != record.digest { return false }
    }
    if let replaced = self[record.id] { erase(replaced) }
    place(record, at: now)
    return true
  }

  /// Takes the live record away.
  mutating func consume(_ lookup: Lookup, at now: Timestamp) -> Record? {
    guard let record = live(lookup, at: now) else { return nil }
    erase(record)
    return record
  }

  /// Raises the end of the live record.
  mutating func extend(_ lookup: Lookup, to expiresAt: Timestamp, at now: Timestamp) -> Bool {
    guard let record = live(lookup, at: now) else { return false }
    let extended = record.extended(to: expiresAt)
    guard extended.expiresAt != record.expiresAt else { return true }
    for lookup in record.lookups { shards[position(of: lookup.digest)].update(extended, under: lookup.field) }
    return true
  }

  /// Takes every record of `group` away.
  ///
  /// - Returns: how many live ones went.
  mutating func removeAll(in group: Group, at now: Timestamp) -> Int {
    var count = 0
    for position in shards.indices {
      for record in shards[position].members(of: group) {
        if record.isLive(at: now) { count += 1 }
        erase(record)
      }
    }
    return count
  }

  /// Puts `record`, under whose id nothing is, where it is found.
  mutating func place(_ record: Record, at now: Timestamp) {
    shards[position(of: record.digest)].place(record)
    for (field, digest) in record.aliases.all {
      shards[position(of: digest)].place(record, under: field, at: now)
    }
  }

  /// Puts back what a unit replaced that is undone. An alias that it lost to a live record when it expired stays there.
  mutating func restore(_ record: Record, at now: Timestamp) {
    shards[position(of: record.digest)].place(record)
    for (field, digest) in record.aliases.all
    where live(Lookup(kind: record.kind, field: field, digest: digest), at: now) == nil {
      shards[position(of: digest)].place(record, under: field, at: now)
    }
  }

  /// Takes `record` away, under its id and every alias that it still holds.
  mutating func erase(_ record: Record) {
    shards[position(of: record.digest)].erase(record)
    for (field, digest) in record.aliases.all { shards[position(of: digest)].erase(record, under: field) }
  }

  private func position(of digest: RecordDigest) -> Int { held.rank(of: placement.index(of: digest)) }
}
